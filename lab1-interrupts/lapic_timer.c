/* SPDX-License-Identifier: MIT */
/*
 * lapic_timer.c - the local APIC's timer as an alarm.
 *
 * A 32-bit counter goes down at the rate of a bus nobody knows, divided by a
 * power of two, and interrupts at 0. Its rate is measured against the clock;
 * then the least divider is taken that lets it run for RANGE_S seconds: a
 * shorter range would wake an idle machine for nothing, a larger divider would
 * be coarse.
 *
 * Owns      the timer's registers of the local APIC.
 * Stands on lapic, clock.
 * Source    Intel SDM 3A "APIC Timer", "Local Vector Table".
 */
#include <lab0/errno.h>
#include <lab0/printk.h>
#include <lab1/event.h>
#include <lab1/interrupt.h>
#include <lab1/lapic.h>

#include "clock_impl.h"

enum {
	RANGE_S = 30,
	MEASURE_NS = 200 * 1000,
	LOOKS_MAX = 1 << 16,
	DIVIDERS = 8,
};

/* Divide configuration register: by 1, 2, 4, ... 128. */
static const uint8_t divide_by[DIVIDERS] = {
	0xb, 0x0, 0x1, 0x2, 0x3, 0x8, 0x9, 0xa,
};

static uint64_t ticks_rate;	/* ticks of a nanosecond, for clock_scale */
static uint64_t range_ns;	/* what it can do */

/* Hertz undivided; 0: it does not count. */
static uint64_t
measure(void)
{
	uint64_t start_ns, end_ns;
	uint32_t start, end;

	lapic_write(LAPIC_TIMER_DIVIDE, divide_by[0]);
	lapic_write(LAPIC_TIMER_INITIAL, UINT32_MAX);
	start_ns = clock_now_ns();
	start = lapic_read(LAPIC_TIMER_CURRENT);
	for (unsigned i = 0; i < LOOKS_MAX; i++) {
		clock_dawdle();
		end_ns = clock_now_ns();
		end = lapic_read(LAPIC_TIMER_CURRENT);
		if (end_ns - start_ns < MEASURE_NS)
			continue;
		lapic_write(LAPIC_TIMER_INITIAL, 0);
		return clock_hz_of(start - end, end_ns - start_ns, NS_PER_S);
	}
	return 0;
}

static int
lapic_timer_probe(void)
{
	unsigned shift = 0;
	uint64_t hz;

	if (!lapic_present() || !clock_source())
		return -ENODEV;
	lapic_write(LAPIC_LVT_TIMER, LAPIC_MASKED | VECTOR_LOCAL_TIMER);
	hz = measure();
	if (!hz)
		return -EIO;
	while (hz >> shift > UINT32_MAX / RANGE_S && shift < DIVIDERS - 1)
		shift++;
	lapic_write(LAPIC_TIMER_DIVIDE, divide_by[shift]);
	ticks_rate = ((hz >> shift) << CLOCK_SHIFT) / NS_PER_S;
	range_ns = clock_scale(UINT32_MAX, clock_rate_to_ns(hz >> shift));
	printk(LOG_DEBUG "lapic timer: %lu kHz, divided by %u, %lu ms at most\n",
	    hz / 1000, 1u << shift, range_ns / NS_PER_MS);
	return 0;
}

static bool
lapic_timer_interrupt(struct interrupt_frame *frame, void *context)
{
	(void)frame;
	(void)context;
	event_expired();
	return true;
}

static struct interrupt_handler lapic_timer_handler = {
	.fn = lapic_timer_interrupt,
	.name = "lapic timer",
};

static int
lapic_timer_start(void)
{
	int err = interrupt_add(VECTOR_LOCAL_TIMER, &lapic_timer_handler);

	if (err)
		return err;
	interrupt_slots[VECTOR_LOCAL_TIMER].source = lapic_source();
	lapic_write(LAPIC_LVT_TIMER, VECTOR_LOCAL_TIMER);
	return 0;
}

static void
lapic_timer_arm(uint64_t delay_ns)
{
	uint64_t ticks = UINT32_MAX;

	if (delay_ns < range_ns)
		ticks = MIN(clock_scale(delay_ns, ticks_rate) + 1, ticks);
	lapic_write(LAPIC_TIMER_INITIAL, (uint32_t)ticks);
}

static void
lapic_timer_disarm(void)
{
	lapic_write(LAPIC_TIMER_INITIAL, 0);
}

static const struct event_device lapic_timer = {
	.choice = { .name = "lapic", .rating = 200,
	    .probe = lapic_timer_probe },
	.start = lapic_timer_start,
	.arm = lapic_timer_arm,
	.disarm = lapic_timer_disarm,
};
SET_ADD(event, lapic_timer);
