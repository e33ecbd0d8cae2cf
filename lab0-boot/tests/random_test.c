/* SPDX-License-Identifier: MIT */
/*
 * random_test.c - random numbers repeat, and look random.
 */
#include <lab0/ktest.h>
#include <lab0/random.h>

/* The same seed gives the same numbers, another one others. */
KTEST(random_numbers_repeat)
{
	struct random a, b, c;
	uint64_t seed = ktest_random();
	unsigned same = 0;

	random_start(&a, seed);
	random_start(&b, seed);
	random_start(&c, seed + 1);
	for (unsigned i = 0; i < 100; i++) {
		uint64_t n = random_next(&a);

		expect_eq(random_next(&b), n);
		same += random_next(&c) == n;
	}
	expect_eq(same, 0);
}

/* The published first numbers of xoshiro256** from splitmix64 of seed 0. */
KTEST(random_numbers_are_the_published_ones)
{
	struct random r;

	random_start(&r, 0);
	expect_eq(r.state[0], 0xe220a8397b1dcdaf);
	expect_eq(r.state[1], 0x6e789e6aa1b965f4);
	expect_eq(random_next(&r), 0x99ec5f36cb75f2b4);
}

/* Numbers below a bound are below it, and about equally often. */
KTEST(random_numbers_keep_below_their_bound)
{
	enum { BOUND = 5, ROUNDS = 5000 };
	struct random r;
	unsigned count[BOUND] = { 0 };

	random_start(&r, ktest_random());
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t n = random_next_below(&r, BOUND);

		expect(n < BOUND);
		count[n]++;
		expect_eq(random_below(1), 0);
	}
	for (unsigned i = 0; i < BOUND; i++)
		expect(count[i] > 850 && count[i] < 1150);	/* 5 sigma */
	expect(random_next_below(&r, UINT64_MAX) < UINT64_MAX);
}

/* The kernel's own numbers differ, and it knows where they come from. */
KTEST(own_random_numbers_differ)
{
	uint64_t before = random_u64();

	expect(random_u64() != before);
	expect(random_source() != RANDOM_UNSEEDED);
	expect_eq(random_secret(), random_source() == RANDOM_CPU);
}
