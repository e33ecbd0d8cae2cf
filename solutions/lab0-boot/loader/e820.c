/* SPDX-License-Identifier: MIT */
/*
 * e820.c - the BIOS's memory map, as Multiboot2 hands it on.
 *
 * Offers    e820_collect.
 * Stands on bios_call; INT 15h AX=E820h.
 * Source    see e820.h.
 */
#include "e820.h"

#include "todo.h"

int
e820_collect(struct memory_map_tag *tag)
{
	/* EX 0.8 { see e820.h */
	struct e820_answer answer;
	uint32_t next = 0;
	unsigned n = 0;

	do {
		struct bios_regs regs = {
			.eax = 0xe820, .edx = E820_SMAP, .ebx = next,
			.ecx = E820_BYTES_MAX, .edi = (uint32_t)&answer,
		};

		bios_call(0x15, &regs);
		if (regs.eflags & BIOS_CARRY) {
			if (n == 0)
				return -1;
			break;
		}
		if (regs.eax != E820_SMAP)
			return -1;
		tag->entries[n++] = (struct memory_entry){
			.base = answer.base, .length = answer.length,
			.type = answer.type,
		};
		next = regs.ebx;
	} while (next != 0 && n < MEMORY_MAP_MAX);

	tag->type = MEMORY_MAP_TAG;
	tag->size = 16 + n * sizeof(struct memory_entry);
	tag->entry_size = sizeof(struct memory_entry);
	tag->entry_version = 0;
	return 0;
	/* EX 0.8 } (void)tag; todo("0.8"); */
}
