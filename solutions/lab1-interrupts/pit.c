/* SPDX-License-Identifier: MIT */
/*
 * pit.c - the 8254 interval timer, channel 0.
 *
 * Owns      channel 0.               Stands on  io.h.
 * Offers    pit_ticks_of_ns, pit_start, pit_count, pit_expired.
 * Source    as in pit.h.
 */
#include <lab1/pit.h>

#include <lab0/io.h>
#include <lab0/todo.h>
#include <lab1/clock.h>

uint32_t
pit_ticks_of_ns(uint64_t duration_ns)
{
	/* EX 1.7 { see pit_ticks_of_ns in <lab1/pit.h> */
	uint64_t ticks;

	/* More is longer than the counter's range, and a product of it could
	 * be longer than 64 bits. */
	if (duration_ns >= NS_PER_S / 10)
		return PIT_TICKS_MAX;
	ticks = (duration_ns * PIT_HZ + NS_PER_S - 1) / NS_PER_S;
	return (uint32_t)MIN(MAX(ticks, 1), (uint64_t)PIT_TICKS_MAX);
	/* EX 1.7 } (void)duration_ns; todo("1.7"); */
}

void
pit_start(uint32_t ticks)
{
	/* EX 1.7 { see pit_start in <lab1/pit.h> */
	outb(PIT_ACCESS_LOW_HIGH | PIT_MODE0, PIT_COMMAND);
	outb(ticks & 0xff, PIT_CHANNEL0);
	outb(ticks >> 8 & 0xff, PIT_CHANNEL0);	/* 65536 is 0 */
	/* EX 1.7 } (void)ticks; todo("1.7"); */
}

uint16_t
pit_count(void)
{
	/* EX 1.7 { see pit_count in <lab1/pit.h> */
	uint16_t low;

	outb(PIT_ACCESS_LATCH, PIT_COMMAND);
	low = inb(PIT_CHANNEL0);
	return (uint16_t)(inb(PIT_CHANNEL0) << 8 | low);
	/* EX 1.7 } todo("1.7"); */
}

bool
pit_expired(void)
{
	/* EX 1.7 { see pit_expired in <lab1/pit.h> */
	uint8_t status;

	outb(PIT_READ_BACK | PIT_READ_BACK_NO_COUNT | PIT_READ_BACK_CHANNEL0,
	    PIT_COMMAND);
	status = inb(PIT_CHANNEL0);
	return status & PIT_STATUS_OUTPUT && !(status & PIT_STATUS_NULL_COUNT);
	/* EX 1.7 } todo("1.7"); */
}
