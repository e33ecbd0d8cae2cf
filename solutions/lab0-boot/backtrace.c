/* SPDX-License-Identifier: MIT */
/*
 * backtrace.c - walking frame pointers, and finding names for addresses.
 *
 * Owns      nothing.
 * Offers    backtrace_walk, symbol_find.
 * Stands on nothing; also builds on the host.
 * Source    System V ABI, AMD64 supplement, 3.2.2 "The Stack Frame".
 */
#include <lab0/backtrace.h>

#include <lab0/todo.h>

unsigned
backtrace_walk(uint64_t rbp, const struct stack_bounds *bounds, uint64_t *out,
    unsigned max)
{
	/* EX 0.4 { see backtrace_walk in <lab0/backtrace.h> */
	uint64_t lowest = bounds->lo;
	unsigned count = 0;

	while (count < max) {
		/* hi - rbp, not rbp + 16: that could wrap around. */
		if (rbp == 0 || rbp % 8 != 0 || rbp < lowest ||
		    rbp >= bounds->hi || bounds->hi - rbp < 16)
			break;

		const uint64_t *frame = (const uint64_t *)rbp;
		if (frame[1] == 0)
			break;
		out[count++] = frame[1];
		lowest = rbp + 1;	/* callers only lie above */
		rbp = frame[0];
	}
	return count;
	/* EX 0.4 } (void)rbp; (void)bounds; (void)out; (void)max; todo("0.4"); */
}

const struct symbol *
symbol_find(const struct symbol *table, size_t count, uint64_t address)
{
	/* EX 0.4 { see symbol_find in <lab0/backtrace.h> */
	size_t low = 0, high = count;	/* the first one above is in between */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &table[low - 1] : NULL;
	/* EX 0.4 } (void)table; (void)count; (void)address; todo("0.4"); */
}
