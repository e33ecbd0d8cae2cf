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

/* What lies at rbp. */
struct frame {
	uint64_t	caller;		/* its rbp */
	uint64_t	ret;		/* where this call returns to */
};

/* The frame at rbp, or NULL unless it may be read and is above `below`. */
static const struct frame *
frame_at(uint64_t rbp, uint64_t below, const struct stack_bounds *bounds)
{
	if (rbp <= below || rbp % sizeof(uint64_t))
		return NULL;
	if (rbp < bounds->lo || rbp >= bounds->hi)
		return NULL;
	if (bounds->hi - rbp < sizeof(struct frame))
		return NULL;
	return (const struct frame *)(uintptr_t)rbp;
}

unsigned
backtrace_walk(uint64_t rbp, const struct stack_bounds *bounds, uint64_t *out,
    unsigned max)
{
	uint64_t below = 0;		/* so a frame of 0 is none */
	unsigned n;

	for (n = 0; n < max; n++) {
		const struct frame *frame = frame_at(rbp, below, bounds);

		if (!frame || !frame->ret)
			break;
		out[n] = frame->ret;
		below = rbp;
		rbp = frame->caller;
	}
	return n;
}

/*
 * The number of symbols at or below the address is built bit by bit, from the
 * highest: a bit stays set if the symbol it would end with still counts.
 */
const struct symbol *
symbol_find(const struct symbol *table, size_t count, uint64_t address)
{
	size_t below = 0;

	for (size_t bit = ~(SIZE_MAX >> 1); bit; bit >>= 1) {
		if (bit <= count - below &&
		    table[below + bit - 1].address <= address)
			below += bit;
	}
	return below ? &table[below - 1] : NULL;
}
