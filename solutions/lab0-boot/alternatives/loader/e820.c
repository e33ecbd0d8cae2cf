/* SPDX-License-Identifier: MIT */
/*
 * e820.c - the BIOS's memory map, as Multiboot2 hands it on.
 *
 * Offers    e820_collect.
 * Stands on bios_call; INT 15h AX=E820h.
 * Source    see e820.h.
 */
#include "e820.h"

#include <stddef.h>

/* What one call came to. */
enum outcome { ENTRY, NO_ENTRY, NO_E820 };

/* Ask for the entry at `place`, and move `place` on to the next one. */
static enum outcome
e820_ask(uint32_t *place, struct memory_entry *entry)
{
	struct e820_answer answer = { .type = 0 };
	struct bios_regs regs = {
		.eax = 0xe820, .edx = E820_SMAP, .ecx = E820_BYTES_MAX,
		.ebx = *place, .edi = (uint32_t)&answer,
	};

	bios_call(0x15, &regs);
	if (regs.eflags & BIOS_CARRY)
		return NO_ENTRY;
	if (regs.eax != E820_SMAP)
		return NO_E820;
	*place = regs.ebx;
	*entry = (struct memory_entry){
		.base = answer.base, .length = answer.length,
		.type = answer.type,
	};
	return ENTRY;
}

int
e820_collect(struct memory_map_tag *tag)
{
	enum outcome outcome;
	uint32_t place = 0;
	unsigned taken = 0;

	do {
		outcome = e820_ask(&place, &tag->entries[taken]);
		if (outcome == ENTRY)
			taken++;
	} while (outcome == ENTRY && place != 0 && taken < MEMORY_MAP_MAX);

	/* Carry is a way to end the list, but not to begin it. */
	if (outcome == NO_E820 || taken == 0)
		return -1;
	tag->type = MEMORY_MAP_TAG;
	tag->size = offsetof(struct memory_map_tag, entries[taken]);
	tag->entry_size = sizeof(tag->entries[0]);
	tag->entry_version = 0;
	return 0;
}
