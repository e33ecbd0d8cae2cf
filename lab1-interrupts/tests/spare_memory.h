/* SPDX-License-Identifier: MIT */
/*
 * spare_memory.h - memory that nothing uses, for tests with much of something.
 *
 * There is no allocator on this floor, and an array in the image would have to
 * be cleared at each boot.
 */
#ifndef SPARE_MEMORY_H
#define SPARE_MEMORY_H

#include <lab0/bootfacts.h>
#include <lab0/memory_layout.h>

enum {
	SPARE_BASE = 32 << 20,		/* of machines with 64 MiB */
	SPARE_BYTES = 16 << 20,
};

/* Contents undefined; NULL: this machine has no memory there. */
static inline void *
spare_memory(size_t len_bytes)
{
	const struct boot_facts *facts = boot_facts();

	for (unsigned i = 0; i < facts->nmemmap; i++) {
		const struct memmap_entry *entry = &facts->memmap[i];

		if (entry->type == MEMORY_USABLE && entry->base <= SPARE_BASE
		    && entry->length >= SPARE_BASE + SPARE_BYTES - entry->base
		    && len_bytes <= SPARE_BYTES)
			return phys_to_virt(SPARE_BASE);
	}
	return NULL;
}

#endif
