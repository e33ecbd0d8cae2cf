/* SPDX-License-Identifier: MIT */
/*
 * timer_bench.c - what time costs: the clock, arming, cancelling, firing.
 *
 * The others that are pending are due in an hour or more, spread over a
 * minute, and the one that is armed comes somewhere among them.
 */
#include <lab0/bench.h>
#include <lab0/cpu.h>
#include <lab0/random.h>
#include <lab1/clock.h>
#include <lab1/timer.h>

#include "spare_memory.h"

enum {
	OTHERS_MAX = 100000,
	TIMES = 128,
	IN_FLIGHT = 8,
};

static struct timer *others, flying[IN_FLIGHT];
static size_t nothers;
static struct random random;
static uint64_t times[TIMES];
static unsigned turn;

static void
never(struct timer *timer)
{
	(void)timer;
}

/* A time among those of the others. */
static uint64_t
some_time(void)
{
	return 3600 * NS_PER_S + random_next_below(&random, 60 * NS_PER_S);
}

/* Have `wanted` others pending; the warm-up runs pay for it. */
static void
have_others(size_t wanted)
{
	if (!others) {
		others = spare_memory(OTHERS_MAX * sizeof(*others));
		random_start(&random, 1);
	}
	for (; nothers > wanted; nothers--)
		timer_cancel(&others[nothers - 1]);
	for (; nothers < wanted; nothers++) {
		timer_init(&others[nothers], never);
		timer_start(&others[nothers], some_time());
	}
	for (unsigned i = 0; i < TIMES; i++)
		times[i] = some_time();
	for (unsigned i = 0; i < IN_FLIGHT; i++) {
		if (flying[i].fn)
			timer_cancel(&flying[i]);
		timer_init(&flying[i], never);
	}
}

static inline void
arm_cancel(size_t pending)
{
	if (nothers != pending)
		have_others(pending);
	timer_start(&flying[0], times[turn++ % TIMES]);
	timer_cancel(&flying[0]);
}

KBENCH(clock_now, "clock_now_ns by the TSC; goal 30, Linux 6.1 46")
{
	clock_now_ns();
}

KBENCH(timer_arm_cancel_10, "timer_start and timer_cancel, 10 others pending")
{
	arm_cancel(10);
}

KBENCH(timer_arm_cancel,
    "the same with 1,000; goal 200, Linux 6.1 452 (hrtimer), 372 (wheel)")
{
	arm_cancel(1000);
}

KBENCH(timer_arm_cancel_100000, "the same with 100,000 others pending")
{
	arm_cancel(OTHERS_MAX);
}

KBENCH(timer_arm_cancel_8, "the same with 1,000, cancelled when 7 more are armed")
{
	if (nothers != 1000)
		have_others(1000);
	timer_start(&flying[turn % IN_FLIGHT], times[turn % TIMES]);
	turn++;
	timer_cancel(&flying[turn % IN_FLIGHT]);
}

static volatile bool fired;

static void
fire(struct timer *timer)
{
	(void)timer;
	fired = true;
}

/*
 * From the call that arms it to the interrupted code after its callback. It is
 * due at once, so the wait is the device's shortest alarm: 8 to 16 ns on QEMU.
 */
KBENCH(timer_fire,
    "timer_start, interrupt, callback, back; nothing pending; Linux 6.1 861")
{
	static struct timer timer;

	if (nothers)
		have_others(0);
	if (!timer.fn)
		timer_init(&timer, fire);
	fired = false;
	timer_start(&timer, 0);
	while (!fired)
		cpu_pause();
}
