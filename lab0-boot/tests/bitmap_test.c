/* SPDX-License-Identifier: MIT */
/*
 * bitmap_test.c - bitmaps against arrays of bool.
 */
#include <lab0/bitmap.h>
#include <lab0/ktest.h>

enum { BITS = 200, ROUNDS = 300 };

/* One word more, which nobody may touch. */
static uint64_t map[BITMAP_WORDS(BITS) + 1];
static bool model[BITS];

#define UNTOUCHED 0x5a5a5a5a5a5a5a5aull

static size_t
model_find(size_t from, bool wanted)
{
	while (from < BITS && model[from] != wanted)
		from++;
	return MIN(from, (size_t)BITS);
}

static size_t
model_find_run(size_t from, size_t count)
{
	for (; from + count <= BITS; from++) {
		size_t n = 0;

		while (n < count && !model[from + n])
			n++;
		if (n == count)
			return from;
	}
	return BITS;
}

static void
start(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		map[i] = 0;
	for (size_t i = 0; i < BITS; i++)
		model[i] = false;
	/* bits behind the last one are rubbish, on purpose */
	map[BITS / 64] = UNTOUCHED << BITS % 64;
	map[ARRAY_SIZE(map) - 1] = UNTOUCHED;
}

static bool
equals_model(void)
{
	uint64_t rubbish = map[BITS / 64] >> BITS % 64;
	size_t n = 0;

	for (size_t i = 0; i < BITS; i++) {
		n += model[i];
		if (bitmap_test(map, i) != model[i])
			return false;
	}
	return bitmap_count(map, BITS) == n
	    && map[ARRAY_SIZE(map) - 1] == UNTOUCHED
	    && rubbish == UNTOUCHED << BITS % 64 >> BITS % 64;
}

static void
change_run(bool set)
{
	size_t first = ktest_random_below(BITS);
	size_t count = ktest_random_below(MIN(BITS - first, (size_t)90) + 1);

	for (size_t i = first; i < first + count; i++)
		model[i] = set;
	if (set)
		bitmap_set_run(map, first, count);
	else
		bitmap_clear_run(map, first, count);
}

static void
change_bit(bool set)
{
	size_t bit = ktest_random_below(BITS);

	model[bit] = set;
	if (set)
		bitmap_set(map, bit);
	else
		bitmap_clear(map, bit);
}

/* Bits and runs are set and cleared, and no others with them. */
KTEST(bitmap_changes_only_what_is_said)
{
	start();
	for (unsigned round = 0; round < ROUNDS; round++) {
		bool set = ktest_random_below(2);

		if (round & 1)
			change_run(set);
		else
			change_bit(set);
		expect(equals_model());
	}
}

/* Searches find the first bit or run from where they start, or nothing. */
KTEST(bitmap_searches_find_the_first)
{
	start();
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t from = ktest_random_below(BITS + 2);
		size_t count = 1 + ktest_random_below(round % 2 ? 70 : 8);

		change_run(ktest_random_below(2));
		change_bit(true);
		expect_eq(bitmap_find_zero(map, BITS, from),
		    model_find(from, false));
		expect_eq(bitmap_find_one(map, BITS, from),
		    model_find(from, true));
		expect_eq(bitmap_find_zero_run(map, BITS, from, count),
		    model_find_run(from, count));
	}
}

/* A full map has nothing free, an empty one is one run. */
KTEST(bitmap_full_and_empty)
{
	start();
	expect_eq(bitmap_find_zero_run(map, BITS, 0, BITS), 0);
	expect_eq(bitmap_find_zero_run(map, BITS, 0, BITS + 1), BITS);
	expect_eq(bitmap_find_one(map, BITS, 0), BITS);
	bitmap_set_run(map, 0, BITS);
	expect_eq(bitmap_find_zero(map, BITS, 0), BITS);
	expect_eq(bitmap_find_zero_run(map, BITS, 0, 1), BITS);
	expect_eq(bitmap_count(map, BITS), BITS);
}
