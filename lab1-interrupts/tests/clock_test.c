/* SPDX-License-Identifier: MIT */
/*
 * clock_test.c - the clock of this machine against its other counters.
 */
#include <lab1/clock.h>

#include <lab0/cpu.h>
#include <lab0/ktest.h>
#include <lab0/log.h>
#include <lab0/printk.h>

#include "clock_impl.h"

enum { READS = 50000 };

KTEST(clock_never_goes_backwards)
{
	uint64_t first = clock_now_ns(), last = first;

	if (!clock_source())
		return;
	for (unsigned i = 0; i < READS; i++) {
		uint64_t now = clock_now_ns();

		expect_at_least(now, last);
		last = now;
	}
	expect(last > first);
}

/* Nanoseconds by another counter while the clock makes duration_ns. */
static uint64_t
by_another(const struct clock_source *other, uint64_t duration_ns)
{
	uint64_t count = other->read(), start_ns = clock_now_ns(), steps = 0;

	while (clock_now_ns() - start_ns < duration_ns) {
		uint64_t now = other->read();

		steps += (now - count) & other->mask;
		count = now;
	}
	return steps * NS_PER_S / other->hz();
}

/* To 1 in 200: that much tsc.c lets two measurements differ. */
static void
compare(const struct clock_source *other)
{
	const uint64_t duration_ns = 100 * NS_PER_MS;
	uint64_t told_ns;

	if (!clock_source() || clock_source() == other || other->choice.probe())
		return;
	told_ns = by_another(other, duration_ns);
	expect_between(told_ns, duration_ns - duration_ns / 200,
	    duration_ns + duration_ns / 200);
}

KTEST(clock_agrees_with_the_interval_timer)
{
	compare(&pit_clock);
}

KTEST(clock_agrees_with_the_hpet)
{
	compare(&hpet_clock);
}

KTEST(clock_spin_waits_as_long_as_asked)
{
	static const uint64_t waits_ns[] = { 0, 1, 1000, 50000, 1000000 };

	if (!clock_source())
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(waits_ns); i++) {
		uint64_t start_ns = clock_now_ns(), took_ns;

		clock_spin_ns(waits_ns[i]);
		took_ns = clock_now_ns() - start_ns;
		expect_between(took_ns, waits_ns[i],
		    waits_ns[i] + 200 * NS_PER_US);
	}
}

/* The chip's date goes on with the clock, to the second that it counts. */
KTEST(clock_calendar_is_that_of_the_chip)
{
	struct calendar date;
	uint64_t chip_s, told_s = clock_calendar_s();

	if (told_s == 0)		/* no chip, when it was asked at boot */
		return;
	expect_eq(cmos_read(&date), 0);
	chip_s = calendar_to_s(&date);
	expect_between(chip_s, told_s - 1, clock_calendar_s() + 1);
}

KTEST(clock_stamps_of_the_log_are_its_times)
{
	struct log_cursor cursor = log_end();
	uint64_t before_us = clock_now_ns() / NS_PER_US, stamp_us;
	struct log_record record;

	if (!clock_source())
		return;
	printk(LOG_DEBUG "clock_test: now\n");
	expect(log_read(&cursor, &record));
	stamp_us = log_clock->to_us(record.stamp);
	expect_between(stamp_us, before_us, clock_now_ns() / NS_PER_US);
}
