/* SPDX-License-Identifier: MIT */
/*
 * symbols.c - names of the kernel's functions.
 *
 * Offers    symbol_name, symbol_name_slow.
 * Stands on the table of mksymbols.py; symbol_find (exercise 0.4).
 */
#include <lab0/symbols.h>

#include <lab0/backtrace.h>
#include <lab0/memory_layout.h>
#include <lab0/todo.h>

static bool
has_name(uint64_t address)
{
	return &symbol_count && symbol_count &&
	    address >= symbol_table[0].address &&
	    address < (vaddr_t)kernel_text_end;
}

static const char *
answer(const struct symbol *symbol, uint64_t address, uint64_t *offset)
{
	if (offset)
		*offset = address - symbol->address;
	return &symbol_names[symbol->name];
}

const char *
symbol_name(uint64_t address, uint64_t *offset)
{
	if (!has_name(address) || !exercise_written("0.4"))
		return NULL;

	const struct symbol *symbol =
	    symbol_find(symbol_table, symbol_count, address);
	/* A wrong answer of the exercise must not end in a wild pointer. */
	if (symbol < symbol_table || symbol >= symbol_table + symbol_count)
		return NULL;
	return answer(symbol, address, offset);
}

const char *
symbol_name_slow(uint64_t address, uint64_t *offset)
{
	if (!has_name(address))
		return NULL;

	const struct symbol *symbol = symbol_table;
	while (symbol + 1 < symbol_table + symbol_count &&
	    symbol[1].address <= address)
		symbol++;
	return answer(symbol, address, offset);
}
