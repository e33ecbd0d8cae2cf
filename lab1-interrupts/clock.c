/* SPDX-License-Identifier: MIT */
/*
 * clock.c - what time it is.
 *
 * Owns      the chosen source, the time it has told; the log's time stamps.
 * Offers    clock_now_ns, clock_source, clock_spin_ns, clock_look_ns; the
 *           monitor command clock.
 * Stands on choice, option; the candidates tsc, hpet, pit_clock.
 *
 * A counter's steps become nanoseconds by one multiplication with a fixed-
 * point rate. A 64-bit counter is read and multiplied, nothing more. One that
 * wraps is added up: each look adds the steps since the last one, so somebody
 * has to look often enough; timer.c does. There is no lock in it, because a
 * record of the log gets its time stamp under the log's.
 *
 * Invariant (1) of a counter that wraps, total never shrinks, and its low bits
 *               are the counter's when it was last looked at.
 */
#include <lab1/clock.h>

#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/init.h>
#include <lab0/io.h>
#include <lab0/log.h>
#include <lab0/monitor.h>
#include <lab0/option.h>
#include <lab0/printk.h>

#include "clock_impl.h"

OPTION(clock, "tsc|hpet|pit", "where the time comes from; "
    "default the best at hand");

SET_DECLARE(clock);

/* Fields: I fixed once source is set, a atomic. */
static struct {
	const struct clock_source *source;	/* [I] NULL before the boot step */
	uint64_t	base;			/* [I] count that is time 0 */
	uint64_t	rate;			/* [I] clock_rate_to_ns */
	bool		wraps;			/* [I] has less than 64 bits */
	uint64_t	total;			/* [a] (1) */
} clock;

const struct clock_source *
clock_source(void)
{
	return clock.source;
}

static uint64_t
added_up(void)
{
	uint64_t mask = clock.source->mask;
	uint64_t total = __atomic_load_n(&clock.total, __ATOMIC_RELAXED);
	uint64_t count = clock.source->read();
	uint64_t steps;

	do {
		steps = (count - total) & mask;
		if (steps > mask / 2)	/* another look was later, yet quicker */
			break;
	} while (!__atomic_compare_exchange_n(&clock.total, &total,
	    total + steps, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return steps > mask / 2 ? total : total + steps;
}

uint64_t
clock_now_ns(void)
{
	uint64_t count;

	if (!clock.source)
		return 0;
	count = clock.wraps ? added_up() : clock.source->read();
	return clock_scale(count - clock.base, clock.rate);
}

uint64_t
clock_look_ns(void)
{
	return clock.wraps ? clock_scale(clock.source->mask / 4, clock.rate) : 0;
}

void
clock_spin_ns(uint64_t duration_ns)
{
	uint64_t start = clock_now_ns();

	if (!clock.source) {
		for (uint64_t us = 0; us <= duration_ns / NS_PER_US; us++)
			io_wait();
		return;
	}
	while (clock_now_ns() - start < duration_ns)
		cpu_pause();
}

/* -- Time stamps of the log ----------------------------------------------- */

static uint64_t
tsc_to_us(uint64_t stamp)
{
	return clock_scale(stamp - clock.base, clock.rate) / NS_PER_US;
}

/* With the TSC as the clock, stamps from before it was one are times too. */
static const struct log_clock tsc_log_clock = {
	.read = rdtsc,
	.to_us = tsc_to_us,
};

/* Told from the raw stamps that came before; nothing lives that long. */
#define STAMP_IS_NS	(1ul << 63)

static uint64_t
now_stamp(void)
{
	return clock_now_ns() | STAMP_IS_NS;
}

static uint64_t
now_to_us(uint64_t stamp)
{
	return stamp & STAMP_IS_NS ? (stamp & ~STAMP_IS_NS) / NS_PER_US : 0;
}

static const struct log_clock now_log_clock = {
	.read = now_stamp,
	.to_us = now_to_us,
};

/* -- The boot step -------------------------------------------------------- */

/* Time 0 is the kernel's first instruction where the TSC tells it. */
static void
take(const struct clock_source *source)
{
	bool tsc = source == &tsc_clock;

	clock.rate = clock_rate_to_ns(source->hz());
	clock.wraps = source->mask != UINT64_MAX;
	clock.total = source->read();
	clock.base = tsc ? boot_entry_tsc : clock.total;
	clock.source = source;
	if (tsc)
		SINGLETON_REPLACE(log_clock, tsc_log_clock);
	else
		SINGLETON_REPLACE(log_clock, now_log_clock);
}

static int
clock_init(void)
{
	const struct choice *choice = CHOICE_PICK(clock, option_get("clock"));
	const struct clock_source *source;

	if (!choice)
		return -ENODEV;
	source = container_of(choice, struct clock_source, choice);
	take(source);
	printk(LOG_INFO "clock: %s, %lu.%03lu MHz\n", choice->name,
	    source->hz() / 1000000, source->hz() / 1000 % 1000);
	return 0;
}
INIT(clock_init);

/* -- The monitor's command ------------------------------------------------- */

static void
print_calendar(void)
{
	uint64_t seconds = clock_calendar_s();
	struct calendar date = calendar_of_s(seconds);

	if (seconds == 0) {
		console_printf("calendar: unknown\n");
		return;
	}
	console_printf("calendar: %04u-%02u-%02u %02u:%02u:%02u UTC\n",
	    date.year, date.month, date.day, date.hour, date.minute,
	    date.second);
}

static int
clock_command(int argc, char **argv)
{
	uint64_t now_ns = clock_now_ns();

	(void)argv;
	if (argc > 1)
		return -EINVAL;
	if (!clock.source) {
		console_printf("source: none\n");
		return 0;
	}
	console_printf("source: %s\nhz: %lu\nnow: %lu.%09lu s\n",
	    clock.source->choice.name, clock.source->hz(), now_ns / NS_PER_S,
	    now_ns % NS_PER_S);
	print_calendar();
	return 0;
}
MONITOR_COMMAND(clock, "", "the time, and where it comes from", clock_command);
