/* SPDX-License-Identifier: MIT */
/*
 * e820.h - the BIOS's memory map, as Multiboot2 hands it on.
 *
 * Source    ACPI Specification 6.5, 15.1 "INT 15H, E820H"; Multiboot2
 *           Specification 2.0, 3.6.8 "Memory map".
 */
#ifndef LOADER_E820_H
#define LOADER_E820_H

#include <stdint.h>

#include "bios.h"

enum {
	E820_SMAP = 0x534d4150,		/* "SMAP" */
	E820_BYTES_MIN = 20,		/* what older BIOSes answer */
	E820_BYTES_MAX = 24,		/* with a word of attributes */

	MEMORY_MAP_MAX = 128,		/* entries that we pass on */
	MEMORY_MAP_TAG = 6,
};

/* What INT 15h AX=E820h writes. */
struct e820_answer {
	uint64_t base, length;
	uint32_t type;
	uint32_t attributes;		/* only in an answer of 24 bytes */
};

/* An entry of Multiboot2's memory map: the types are those of E820. */
struct memory_entry {
	uint64_t base, length;
	uint32_t type;
	uint32_t zero;
};
_Static_assert(sizeof(struct memory_entry) == 24, "the kernel sees it");

struct memory_map_tag {
	uint32_t type;			/* MEMORY_MAP_TAG */
	uint32_t size;			/* of the tag, with its entries */
	uint32_t entry_size;		/* of an entry */
	uint32_t entry_version;		/* 0 */
	struct memory_entry entries[MEMORY_MAP_MAX];
};

/*
 * Exercise 0.8: ask the BIOS for its memory map; fill in the whole tag.
 *
 * One bios_call(0x15) an entry. In: EAX = E820h (the upper half too), EDX =
 * E820_SMAP, ECX = E820_BYTES_MAX, ES:DI = where the answer goes (below
 * 64 KiB: ES = 0), EBX = 0 at first, then what the last call left in EBX.
 * Out: EAX = E820_SMAP, ECX = bytes of the answer (20 or 24), the answer. ECX
 * need not be checked: what counts is in the first E820_BYTES_MIN bytes.
 * The list ends with an entry that leaves EBX 0, or with a call that sets the
 * carry flag (such a call, if it isn't the first, only says that there was no
 * further entry), or when MEMORY_MAP_MAX entries have been taken.
 *
 * Entries are passed on in the BIOS's order and as they are: also those that
 * overlap, are empty or have unknown types. `zero` is 0, whatever the answer's
 * attributes say.
 *
 * tag       room for MEMORY_MAP_MAX entries; contents undefined
 * returns   0; -1: the BIOS has no map: carry flag on the first call, or EAX
 *           is not E820_SMAP after any call without it
 */
__attribute__((warn_unused_result))
int e820_collect(struct memory_map_tag *tag);

#endif
