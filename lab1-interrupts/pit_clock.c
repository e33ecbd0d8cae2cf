/* SPDX-License-Identifier: MIT */
/*
 * pit_clock.c - the interval timer as a clock and as an alarm.
 *
 * Two channels, two jobs. Channel 0, exercise 1.7, is wired to ISA interrupt 0:
 * the alarm. Channel 2, wired to the loudspeaker, is free while that is silent:
 * it counts round and round and is the clock of last resort, and what other
 * counters are measured against. It does not need the exercise.
 *
 * Owns      channel 2, bits 0-1 of port B.   Stands on  pit, irqchip.
 * Locks     pit.lock: all channels share the command port.
 * Source    Intel 8254 data sheet, "Counter Latch Command", "Mode 2: Rate
 *           Generator"; IBM PC AT Technical Reference, "Port B".
 */
#include <lab1/pit.h>

#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/io.h>
#include <lab0/spinlock.h>
#include <lab0/todo.h>
#include <lab1/event.h>
#include <lab1/irqchip.h>

#include "clock_impl.h"

enum {
	PIT_CHANNEL2 = 0x42,
	PIT_SELECT2 = 2 << 6,
	PORT_B = 0x61,
	PORT_B_GATE2 = 1 << 0,		/* channel 2 counts */
	PORT_B_SPEAKER = 1 << 1,
	PIT_IRQ = 0,
	TRIES = 1 << 16,
};

LOCK_CLASS(pit, 30);
static struct spinlock pit_lock = SPINLOCK_INIT(pit);

/* -- Channel 2: a clock ---------------------------------------------------- */

/*
 * A clock is read under any lock, the log's among them. Here that cannot
 * deadlock: who holds pit.lock waits for nothing. It may have died, though, and
 * a panic wants its time stamps.
 */
static bool
lock_for_a_while(void)
{
	for (unsigned i = 0; i < TRIES; i++) {
		if (spin_trylock(&pit_lock))
			return true;
		cpu_pause();
	}
	return false;
}

/* It counts down; a clock goes up. */
static uint64_t
pit_clock_read(void)
{
	irqflags_t flags = irq_save();
	bool locked = lock_for_a_while();
	unsigned count;

	outb(PIT_SELECT2 | PIT_ACCESS_LATCH, PIT_COMMAND);
	count = inb(PIT_CHANNEL2);
	count |= (unsigned)inb(PIT_CHANNEL2) << 8;
	if (locked)
		spin_unlock(&pit_lock);
	irq_restore(flags);
	return -count & 0xffff;
}

static uint64_t
pit_clock_rate(void)
{
	return PIT_HZ;
}

/* Let channel 2 count from 65536 down, again and again, without a sound. */
static int
pit_clock_probe(void)
{
	static bool counts;		/* and may be in use: leave it alone */
	uint64_t first;

	if (counts)
		return 0;
	outb((inb(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE2, PORT_B);
	outb(PIT_SELECT2 | PIT_ACCESS_LOW_HIGH | PIT_MODE2, PIT_COMMAND);
	outb(0, PIT_CHANNEL2);
	outb(0, PIT_CHANNEL2);
	first = pit_clock_read();
	for (unsigned i = 0; i < 100; i++) {
		clock_dawdle();
		if (pit_clock_read() != first) {
			counts = true;
			return 0;
		}
	}
	return -ENODEV;
}

const struct clock_source pit_clock = {
	.choice = { .name = "pit", .rating = 100, .probe = pit_clock_probe },
	.read = pit_clock_read,
	.hz = pit_clock_rate,
	.mask = 0xffff,
};
SET_ADD(clock, pit_clock);

/* -- Channel 0: an alarm --------------------------------------------------- */

static bool
pit_interrupt(struct interrupt_frame *frame, void *context)
{
	(void)frame;
	(void)context;
	event_expired();
	return true;
}

static struct interrupt_handler pit_handler = {
	.fn = pit_interrupt,
	.name = "pit",
};

static int
pit_event_probe(void)
{
	if (!exercise_written("1.7"))
		return -ENOSYS;
	if (!irqchip())
		return -ENODEV;
	return pit_clock_probe();
}

static int
pit_event_start(void)
{
	return irq_add(irq_line_of_isa(PIT_IRQ), &pit_handler);
}

static void
pit_arm(uint64_t delay_ns)
{
	spin_lock(&pit_lock);
	pit_start(pit_ticks_of_ns(delay_ns));
	spin_unlock(&pit_lock);
}

/* A control word without a count: the chip waits for one. */
static void
pit_disarm(void)
{
	spin_lock(&pit_lock);
	outb(PIT_ACCESS_LOW_HIGH | PIT_MODE0, PIT_COMMAND);
	spin_unlock(&pit_lock);
}

static const struct event_device pit_event = {
	.choice = { .name = "pit", .rating = 100, .probe = pit_event_probe },
	.start = pit_event_start,
	.arm = pit_arm,
	.disarm = pit_disarm,
};
SET_ADD(event, pit_event);
