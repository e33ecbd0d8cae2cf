/* SPDX-License-Identifier: MIT */
/*
 * random.c - xoshiro256** generators, and the kernel's own.
 *
 * Owns      the kernel's generator and what it was seeded from.
 * Offers    all of random.h.         Stands on  cpu, option.
 * Locks     none: the kernel's generator steps by one atomic addition.
 * Source    Blackman and Vigna, as in random.h.
 */
#include <lab0/random.h>

#include <lab0/cpu.h>
#include <lab0/option.h>

OPTION(seed, "HEX64", "start of the random numbers, to repeat a run; "
    "default RDRAND, else the TSC");

enum {
	CPUID_1_ECX_RDRAND = 1u << 30,
	RDRAND_TRIES = 10,	/* Intel's advice, SDM vol. 1 "RDRAND" */
};

#define GOLDEN 0x9e3779b97f4a7c15ull	/* 2^64 / golden ratio, odd */

/* splitmix64's mixing: any two inputs give unlike outputs. */
static uint64_t
mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

void
random_start(struct random *r, uint64_t seed)
{
	for (size_t i = 0; i < ARRAY_SIZE(r->state); i++)
		r->state[i] = mix(seed += GOLDEN);
}

static uint64_t
rotate_left(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

uint64_t
random_next(struct random *r)
{
	uint64_t *s = r->state;
	uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return result;
}

/* Bits of the smallest mask that holds bound - 1. */
static uint64_t
mask_for(uint64_t bound)
{
	return bound == 1 ? 0 : ~0ull >> __builtin_clzll(bound - 1);
}

uint64_t
random_next_below(struct random *r, uint64_t bound)
{
	uint64_t n;

	/* more than every second try hits */
	do {
		n = random_next(r) & mask_for(bound);
	} while (n >= bound);
	return n;
}

/* The kernel's own is splitmix64: its state is one word. */
static struct {
	uint64_t		state;
	uint64_t		seed;
	enum random_source	source;
} own;

static bool
rdrand_in_time(uint64_t *value)
{
	bool ok = false;

	for (unsigned i = 0; i < RDRAND_TRIES && !ok; i++)
		ok = rdrand(value);
	return ok;
}

static enum random_source
find_seed(uint64_t *seed)
{
	if (option_given("seed") && option_u64("seed", 16, seed) == 0)
		return RANDOM_OPTION;
	if (cpuid(1, 0).ecx & CPUID_1_ECX_RDRAND && rdrand_in_time(seed))
		return RANDOM_CPU;
	*seed = mix(rdtsc());
	return RANDOM_TSC;
}

static void
seed_once(void)
{
	uint64_t seed;
	enum random_source source;

	if (own.source != RANDOM_UNSEEDED)
		return;
	source = find_seed(&seed);
	own.seed = own.state = seed;
	own.source = source;
}

uint64_t
random_u64(void)
{
	seed_once();
	return mix(__atomic_add_fetch(&own.state, GOLDEN, __ATOMIC_RELAXED));
}

uint64_t
random_below(uint64_t bound)
{
	uint64_t n;

	do {
		n = random_u64() & mask_for(bound);
	} while (n >= bound);
	return n;
}

enum random_source
random_source(void)
{
	seed_once();
	return own.source;
}

uint64_t
random_seed(void)
{
	seed_once();
	return own.seed;
}
