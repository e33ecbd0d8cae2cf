/* SPDX-License-Identifier: MIT */
/*
 * clock.h - what time it is.
 *
 * Monotonic time is in nanoseconds since the clock was started at boot and
 * never goes backwards, on any CPU. It is read from the time-stamp counter
 * when that has a constant rate that could be measured twice with the same
 * result, else from the HPET, else from the PIT. Calendar time comes from the
 * CMOS clock once and goes on with the monotonic one.
 *
 * Owns      the chosen source. Boot option clock=tsc|hpet|pit.
 * Source    Intel SDM 3B "Time-Stamp Counter"; IA-PC HPET specification;
 *           Motorola MC146818A data sheet.
 */
#ifndef LAB1_CLOCK_H
#define LAB1_CLOCK_H

#include <lab0/choice.h>
#include <lab0/types.h>

#define NS_PER_US	1000ul
#define NS_PER_MS	1000000ul
#define NS_PER_S	1000000000ul

/* A free-running counter that goes up; candidates are in the set clock. */
struct clock_source {
	struct choice	choice;		/* first */
	uint64_t	(*read)(void);	/* any context, under any lock */
	uint64_t	(*hz)(void);	/* valid after probe */
	uint64_t	mask;		/* its width in ones; it wraps after it */
};

/* The chosen one; NULL before the clock's boot step. */
const struct clock_source *clock_source(void);

/*
 * Nanoseconds since the kernel's first instruction (by the TSC), or since the
 * clock's boot step (by another); 0 before that step.
 *
 * context   any, under any lock
 */
uint64_t clock_now_ns(void);

/*
 * How often somebody has to look at the clock for it not to lose time, in
 * nanoseconds; 0: never. The timers do.
 */
uint64_t clock_look_ns(void);

/*
 * Wait by looking at the clock; for microseconds, not longer. Before there is
 * one, by slow accesses to a port: at least about as long.
 *
 * context   any; interrupts that come make it longer
 */
void clock_spin_ns(uint64_t duration_ns);

/* Seconds since 1970-01-01 00:00 UTC; 0: there is no calendar clock. */
uint64_t clock_calendar_s(void);

/* A date as numbers. */
struct calendar {
	unsigned	year;		/* 1970.. */
	unsigned	month;		/* 1..12 */
	unsigned	day;		/* 1..31 */
	unsigned	hour, minute, second;
};

/* Conversions by the Gregorian calendar, UTC; years 1970..9999. Any context. */
uint64_t calendar_to_s(const struct calendar *date);
struct calendar calendar_of_s(uint64_t seconds);

/*
 * The CMOS clock now.
 *
 * returns   0; -ENODEV: there is none, or what it says is no date
 * context   any; waits up to some milliseconds for an update to end
 */
must_check int cmos_read(struct calendar *date);

#endif
