/* SPDX-License-Identifier: MIT */
/*
 * symbols.h - names of the kernel's functions, in the image itself.
 *
 * tools/mksymbols.py makes the table from a first link; the second link has it
 * behind the code, so that no address moves. A first link has no table.
 */
#ifndef LAB0_SYMBOLS_H
#define LAB0_SYMBOLS_H

#include <lab0/types.h>

struct symbol {
	uint64_t	address;
	uint32_t	name;		/* offset into symbol_names */
	uint32_t	reserved;
};
static_assert(sizeof(struct symbol) == 16, "mksymbols.py writes 16 bytes");

/* Made by mksymbols.py; addresses ascend strictly. Absent in a first link. */
extern const struct symbol symbol_table[] __attribute__((weak));
extern const uint64_t symbol_count __attribute__((weak));
extern const char symbol_names[] __attribute__((weak));

/*
 * Name of the function that a code address lies in.
 *
 * offset    receives the distance from its start; may be NULL
 * returns   NULL: not kernel code, no table, or exercise 0.4 is not written
 * context   any
 */
const char *symbol_name(uint64_t address, uint64_t *offset);

/* The same without exercise code and slower; for the verdict's record. */
const char *symbol_name_slow(uint64_t address, uint64_t *offset);

#endif
