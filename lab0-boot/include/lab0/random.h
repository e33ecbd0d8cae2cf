/* SPDX-License-Identifier: MIT */
/*
 * random.h - random numbers, repeatable when the boot option seed= is given.
 *
 * Seeded by seed=, else by RDRAND, else by the time-stamp counter. For tests,
 * hashes and jitter; an upper floor that needs secrets asks random_secret()
 * whether there is something in them that others cannot know.
 *
 * Source    Blackman and Vigna, "Scrambled linear pseudorandom number
 *           generators" (xoshiro256**, splitmix64); SDM vol. 1 "RDRAND".
 */
#ifndef LAB0_RANDOM_H
#define LAB0_RANDOM_H

#include <lab0/types.h>

enum random_source {
	RANDOM_UNSEEDED,
	RANDOM_OPTION,		/* seed=: the same numbers every time */
	RANDOM_CPU,		/* RDRAND */
	RANDOM_TSC,		/* better than nothing */
};

/* A generator of one's own: same seed, same numbers. */
struct random {
	uint64_t state[4];
};

void random_start(struct random *r, uint64_t seed);
uint64_t random_next(struct random *r);

/* 0 <= result < bound, all equally likely; bound > 0. */
uint64_t random_next_below(struct random *r, uint64_t bound);

/*
 * The kernel's own generator; seeds itself at the first call.
 *
 * context   any; never sleeps
 */
uint64_t random_u64(void);
uint64_t random_below(uint64_t bound);

/* What the kernel's generator started from. */
enum random_source random_source(void);
uint64_t random_seed(void);

/* Whether it was seeded with something that cannot be guessed. */
static inline bool
random_secret(void)
{
	return random_source() == RANDOM_CPU;
}

#endif
