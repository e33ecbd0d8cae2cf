/* SPDX-License-Identifier: MIT */
/*
 * pit.h - the 8254 interval timer, channel 0 (exercise 1.7).
 *
 * A 16-bit counter goes down 1,193,182 times a second. In mode 0 it raises its
 * output, ISA interrupt 0, once when it reaches 0: a one-shot alarm. The
 * counter is written and read one byte at a time through one port, low byte
 * first; it goes on counting between the two reads, unless it was latched.
 *
 * Source    Intel 8254 data sheet, "Control Word Format", "Counter Latch
 *           Command", "Read-Back Command", "Mode 0: Interrupt on Terminal
 *           Count".
 */
#ifndef LAB1_PIT_H
#define LAB1_PIT_H

#include <lab0/types.h>

enum pit_port {
	PIT_CHANNEL0 = 0x40,
	PIT_COMMAND = 0x43,
};

enum {
	PIT_HZ = 1193182,
	PIT_TICKS_MAX = 65536,		/* written as 0 */
	/* control word: channel in bits 6-7, then access, mode, BCD in bit 0 */
	PIT_ACCESS_LATCH = 0 << 4,
	PIT_ACCESS_LOW_HIGH = 3 << 4,
	PIT_MODE0 = 0 << 1,
	PIT_MODE2 = 2 << 1,
	PIT_READ_BACK = 3 << 6,		/* read-back command */
	PIT_READ_BACK_NO_COUNT = 1 << 5, /* ... without the count */
	PIT_READ_BACK_NO_STATUS = 1 << 4,
	PIT_READ_BACK_CHANNEL0 = 1 << 1,
	PIT_STATUS_OUTPUT = 1 << 7,	/* the output is high: it has expired */
	PIT_STATUS_NULL_COUNT = 1 << 6,	/* not counting the new value yet */
};

/*
 * Ticks of a duration, rounded up, so that an alarm never comes early: at
 * least 1, at most PIT_TICKS_MAX. Any duration_ns is allowed.
 *
 * context   any
 */
uint32_t pit_ticks_of_ns(uint64_t duration_ns);

/*
 * Start channel 0 in mode 0, binary: ISA interrupt 0 comes once, not earlier
 * than after `ticks` (the chip loads the count with one more). One that is
 * running is replaced, whether it is earlier or later. The other channels are
 * not touched, nor the interrupt controller.
 *
 * ticks     1..PIT_TICKS_MAX
 * context   interrupts off
 */
void pit_start(uint32_t ticks);

/*
 * The counter of channel 0, latched: both bytes of one moment. The channel
 * goes on undisturbed.
 *
 * returns   0..65535: the ticks that are left (65536 of them are 0); in mode 0
 *           it goes on at 65535 after the alarm
 * context   interrupts off
 */
uint16_t pit_count(void);

/*
 * Whether the alarm of the last pit_start has come: the channel's output, by
 * the read-back command. False as long as the new count is not loaded, true
 * from the alarm to the next pit_start. The count is not latched, so that a
 * pit_count afterwards is right. Before the first pit_start it says nothing.
 *
 * context   interrupts off
 */
bool pit_expired(void);

#endif
