/* SPDX-License-Identifier: MIT */
/*
 * pit.c - the 8254 interval timer, channel 0.
 *
 * Count and status are both asked for by the read-back command, so that there
 * is one way to latch something.
 *
 * Owns      channel 0.               Stands on  io.h.
 * Offers    pit_ticks_of_ns, pit_start, pit_count, pit_expired.
 * Source    as in pit.h.
 */
#include <lab1/pit.h>

#include <lab0/io.h>
#include <lab1/clock.h>

/* Latch what the flag (an upside-down one: the other's) leaves over. */
static void
latch_all_but(unsigned flag)
{
	outb((uint8_t)(PIT_READ_BACK | PIT_READ_BACK_CHANNEL0 | flag),
	    PIT_COMMAND);
}

/*
 * All beyond PIT_TICKS_MAX is the same, and a second is: so the product stays
 * below 2^51. It is not 0 either, and then one less than it, divided, is one
 * less than the quotient rounded up.
 */
uint32_t
pit_ticks_of_ns(uint64_t duration_ns)
{
	uint64_t ticks;

	if (duration_ns == 0)
		return 1;
	if (duration_ns >= NS_PER_S)
		return PIT_TICKS_MAX;
	ticks = (duration_ns * PIT_HZ - 1) / NS_PER_S + 1;
	return ticks < PIT_TICKS_MAX ? (uint32_t)ticks : PIT_TICKS_MAX;
}

void
pit_start(uint32_t ticks)
{
	outb(PIT_ACCESS_LOW_HIGH | PIT_MODE0, PIT_COMMAND);
	for (unsigned shift = 0; shift < 16; shift += 8)
		outb((uint8_t)(ticks >> shift), PIT_CHANNEL0);
}

uint16_t
pit_count(void)
{
	uint16_t count = 0;

	latch_all_but(PIT_READ_BACK_NO_STATUS);
	for (unsigned shift = 0; shift < 16; shift += 8)
		count |= (uint16_t)(inb(PIT_CHANNEL0) << shift);
	return count;
}

bool
pit_expired(void)
{
	latch_all_but(PIT_READ_BACK_NO_COUNT);
	return (inb(PIT_CHANNEL0) &
	    (PIT_STATUS_OUTPUT | PIT_STATUS_NULL_COUNT)) == PIT_STATUS_OUTPUT;
}
