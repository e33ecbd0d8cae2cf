/* SPDX-License-Identifier: MIT */
/*
 * tsc.c - the time-stamp counter as a clock.
 *
 * It is the cheapest counter to read, but nobody says how fast it is. So it is
 * measured against one whose rate is known, the HPET or else the PIT, over two
 * intervals, one right after the other. When both say the same (an SMI in one
 * of them does not spoil the other) the sum counts; otherwise once more, and
 * after some tries it is refused.
 *
 * Whether its rate stays the same, CPUID says: the bit "invariant TSC". QEMU's
 * TCG does not set it, nor do many virtual machines, although their TSC is as
 * good as their other clocks. So it is not asked for: a TSC that could be
 * measured twice is taken, and the log says what CPUID says of it.
 *
 * Owns      the TSC's frequency.     Stands on  hpet, pit_clock.
 * Source    Intel SDM 3B "Time-Stamp Counter", "Invariant TSC".
 */
#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/option.h>
#include <lab0/printk.h>

#include "clock_impl.h"

enum {
	TRIES = 5,
	INTERVAL_NS = 500 * 1000,	/* at least, and */
	INTERVAL_STEPS = 2500,		/* 1 step is then 400 in 1,000,000 */
	LOOKS = 3,			/* the narrowest of them counts */
	LOOKS_MAX = 1 << 16,		/* the reference stands still */
	CPUID_FEATURES_TSC = 1 << 4,		/* edx */
	CPUID_FEATURES_HYPERVISOR = 1u << 31,	/* ecx */
	CPUID_POWER_INVARIANT_TSC = 1 << 8,	/* edx */
};

/* The two counters at (nearly) the same moment. */
struct moment {
	uint64_t tsc, count;
};

static uint64_t tsc_hz;

static struct moment
look(const struct clock_source *reference)
{
	struct moment best = { 0 };
	uint64_t narrowest = UINT64_MAX;

	for (unsigned i = 0; i < LOOKS; i++) {
		uint64_t before = rdtsc();
		uint64_t count = reference->read();
		uint64_t width = rdtsc() - before;

		if (width >= narrowest)
			continue;
		narrowest = width;
		best = (struct moment){ before + width / 2, count };
	}
	return best;
}

static uint64_t
steps_between(const struct clock_source *reference, struct moment from,
    struct moment to)
{
	return (to.count - from.count) & reference->mask;
}

/* Wait for the end of an interval; steps of the reference, 0: it stands. */
static uint64_t
interval(const struct clock_source *reference, struct moment from,
    struct moment *to)
{
	uint64_t wanted = reference->hz() * INTERVAL_NS / NS_PER_S;

	wanted = MAX(wanted, (uint64_t)INTERVAL_STEPS);
	for (unsigned i = 0; i < LOOKS_MAX; i++) {
		clock_dawdle();
		*to = look(reference);
		if (steps_between(reference, from, *to) >= wanted)
			return steps_between(reference, from, *to);
	}
	return 0;
}

/* Two intervals; hertz if they agree, else 0. */
static uint64_t
measure(const struct clock_source *reference)
{
	uint64_t ref_hz = reference->hz();
	struct moment start = look(reference), middle, end;
	uint64_t first = interval(reference, start, &middle);
	uint64_t second = first ? interval(reference, middle, &end) : 0;

	if (!second)
		return 0;
	if (!clock_agree(clock_hz_of(middle.tsc - start.tsc, first, ref_hz),
	    clock_hz_of(end.tsc - middle.tsc, second, ref_hz)))
		return 0;
	return clock_hz_of(end.tsc - start.tsc, first + second, ref_hz);
}

/* What CPUID says of its rate. */
static const char *
constancy(void)
{
	if (cpuid(CPUID_EXTENDED, 0).eax >= CPUID_POWER
	    && cpuid(CPUID_POWER, 0).edx & CPUID_POWER_INVARIANT_TSC)
		return "invariant";
	if (cpuid(CPUID_FEATURES, 0).ecx & CPUID_FEATURES_HYPERVISOR)
		return "of a virtual machine, not said to be invariant";
	return "not said to be invariant";
}

static int
tsc_probe(void)
{
	const struct clock_source *reference = &hpet_clock;

	if (!(cpuid(CPUID_FEATURES, 0).edx & CPUID_FEATURES_TSC))
		return -ENODEV;
	if (reference->choice.probe())
		reference = &pit_clock;
	if (reference == &pit_clock && reference->choice.probe())
		return -ENODEV;
	for (unsigned i = 0; i < TRIES; i++) {
		tsc_hz = measure(reference);
		if (!tsc_hz)
			continue;
		printk(LOG_DEBUG "tsc: %lu kHz by %s, twice the same; %s\n",
		    tsc_hz / 1000, reference->choice.name, constancy());
		return 0;
	}
	printk(LOG_WARNING "tsc: no two measurements by %s in a row agree\n",
	    reference->choice.name);
	return -EIO;
}

static uint64_t
tsc_rate(void)
{
	return tsc_hz;
}

const struct clock_source tsc_clock = {
	.choice = { .name = "tsc", .rating = 300, .probe = tsc_probe },
	.read = rdtsc,
	.hz = tsc_rate,
	.mask = UINT64_MAX,
};
SET_ADD(clock, tsc_clock);
