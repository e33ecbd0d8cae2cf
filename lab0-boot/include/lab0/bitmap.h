/* SPDX-License-Identifier: MIT */
/*
 * bitmap.h - arrays of bits in 64-bit words, and searches for free ones.
 *
 *	uint64_t used[BITMAP_WORDS(100)] = { 0 };
 *	size_t i = bitmap_find_zero(used, 100, 0);
 *
 * Bit i is bit i % 64 of word i / 64. A search that finds nothing returns
 * nbits. Bits behind nbits in the last word are never looked at or changed.
 *
 * Stands on nothing; also builds on the host.
 * Locks     the caller's.
 */
#ifndef LAB0_BITMAP_H
#define LAB0_BITMAP_H

#include <lab0/types.h>

enum { BITMAP_WORD_BITS = 64 };

#define BITMAP_WORDS(nbits) \
	(((nbits) + BITMAP_WORD_BITS - 1) / BITMAP_WORD_BITS)

static inline bool
bitmap_test(const uint64_t *map, size_t bit)
{
	return map[bit / BITMAP_WORD_BITS] >> bit % BITMAP_WORD_BITS & 1;
}

static inline void
bitmap_set(uint64_t *map, size_t bit)
{
	map[bit / BITMAP_WORD_BITS] |= 1ull << bit % BITMAP_WORD_BITS;
}

static inline void
bitmap_clear(uint64_t *map, size_t bit)
{
	map[bit / BITMAP_WORD_BITS] &= ~(1ull << bit % BITMAP_WORD_BITS);
}

/* Set or clear the bits first..first + count - 1. */
void bitmap_set_run(uint64_t *map, size_t first, size_t count);
void bitmap_clear_run(uint64_t *map, size_t first, size_t count);

/* First clear (set) bit at or behind `from`. */
size_t bitmap_find_zero(const uint64_t *map, size_t nbits, size_t from);
size_t bitmap_find_one(const uint64_t *map, size_t nbits, size_t from);

/* Start of the first run of `count` > 0 clear bits at or behind `from`. */
size_t bitmap_find_zero_run(const uint64_t *map, size_t nbits, size_t from,
    size_t count);

/* Number of set bits. */
size_t bitmap_count(const uint64_t *map, size_t nbits);

#endif
