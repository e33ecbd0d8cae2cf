/* SPDX-License-Identifier: MIT */
/*
 * memory.h - which memory the loader may use.
 */
#ifndef LOADER_MEMORY_H
#define LOADER_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "e820.h"

enum { MEMORY_LOW_END = 1 << 20 };	/* below: the loader and the BIOS */

/* Fill the map, from E820 or without it. Returns 0; -1: no map. */
__attribute__((warn_unused_result))
int memory_init(void);

const struct memory_map_tag *memory_map(void);

/*
 * Is [base, base + length) usable RAM below 4 GiB?
 *
 * The map may lie: entries overlap, wrap and repeat. A byte is usable if some
 * entry says so and no entry says otherwise.
 */
bool memory_usable(uint64_t base, uint64_t length);

/*
 * The highest place for `bytes` of usable RAM above 1 MiB and below 4 GiB,
 * 4 KiB aligned. 0: there is none.
 */
uint32_t memory_highest(uint32_t bytes);

/* KiB of memory from 0, as the BIOS has it; from 1 MiB up to the first hole. */
uint32_t memory_lower_kib(void);
uint32_t memory_upper_kib(void);

#endif
