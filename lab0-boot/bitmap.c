/* SPDX-License-Identifier: MIT */
/*
 * bitmap.c - searches in arrays of bits, a word at a time.
 *
 * Offers    all of bitmap.h that is not inline there.
 * Stands on nothing; also builds on the host.
 */
#include <lab0/bitmap.h>

/* Bits `bit` and up of a word. */
static uint64_t
bits_from(size_t bit)
{
	return ~0ull << bit % BITMAP_WORD_BITS;
}

/*
 * First bit at or behind `from` whose value, after `flip`, is 1; so flip is
 * all ones to look for zeros.
 */
static size_t
find(const uint64_t *map, size_t nbits, size_t from, uint64_t flip)
{
	size_t i = from / BITMAP_WORD_BITS;
	uint64_t word;

	if (from >= nbits)
		return nbits;
	word = (map[i] ^ flip) & bits_from(from);
	while (!word) {
		if (++i >= BITMAP_WORDS(nbits))
			return nbits;
		word = map[i] ^ flip;
	}
	i = i * BITMAP_WORD_BITS + (size_t)__builtin_ctzll(word);
	return MIN(i, nbits);
}

size_t
bitmap_find_zero(const uint64_t *map, size_t nbits, size_t from)
{
	return find(map, nbits, from, ~0ull);
}

size_t
bitmap_find_one(const uint64_t *map, size_t nbits, size_t from)
{
	return find(map, nbits, from, 0);
}

size_t
bitmap_find_zero_run(const uint64_t *map, size_t nbits, size_t from,
    size_t count)
{
	for (;;) {
		size_t start = bitmap_find_zero(map, nbits, from);

		if (start >= nbits || nbits - start < count)
			return nbits;
		/* nothing behind start + count matters: stop there */
		from = bitmap_find_one(map, start + count, start);
		if (from == start + count)
			return start;
	}
}

/* Set or clear the bits first..first + count - 1, a word at a time. */
static void
change_run(uint64_t *map, size_t first, size_t count, bool set)
{
	size_t end = first + count;

	while (first < end) {
		size_t word_end = (first / BITMAP_WORD_BITS + 1)
		    * BITMAP_WORD_BITS;
		uint64_t mask = bits_from(first);

		if (end < word_end)
			mask &= ~bits_from(end);
		if (set)
			map[first / BITMAP_WORD_BITS] |= mask;
		else
			map[first / BITMAP_WORD_BITS] &= ~mask;
		first = word_end;
	}
}

void
bitmap_set_run(uint64_t *map, size_t first, size_t count)
{
	change_run(map, first, count, true);
}

void
bitmap_clear_run(uint64_t *map, size_t first, size_t count)
{
	change_run(map, first, count, false);
}

/* Adds neighbours pairwise, then pairs, then nibbles; no libgcc, no popcnt. */
static unsigned
ones(uint64_t word)
{
	word -= word >> 1 & 0x5555555555555555ull;
	word = (word & 0x3333333333333333ull)
	    + (word >> 2 & 0x3333333333333333ull);
	word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return (unsigned)(word * 0x0101010101010101ull >> 56);
}

size_t
bitmap_count(const uint64_t *map, size_t nbits)
{
	size_t n = 0;

	for (size_t i = 0; i < nbits / BITMAP_WORD_BITS; i++)
		n += ones(map[i]);
	if (nbits % BITMAP_WORD_BITS)
		n += ones(map[nbits / BITMAP_WORD_BITS] & ~bits_from(nbits));
	return n;
}
