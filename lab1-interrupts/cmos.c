/* SPDX-License-Identifier: MIT */
/*
 * cmos.c - the date, from the battery-backed clock.
 *
 * It is read once, at boot; calendar time goes on with the monotonic clock. The
 * chip counts up its registers one after the other once a second, and says so
 * while it does; a reading counts when two in a row are equal. What it says may
 * be no date at all (an empty battery), in decimal digits or binary, with 12 or
 * 24 hours.
 *
 * Owns      ports 70h and 71h, what the date was at boot.
 * Offers    cmos_read, clock_calendar_s.
 * Stands on clock, calendar.
 * Source    Motorola MC146818A data sheet, "Time, Calendar, and Alarm
 *           Locations", "Update Cycle", "Registers"; the century's place is
 *           the PC's tradition (ACPI 6.3, 5.2.9 "FADT", field CENTURY).
 */
#include <lab1/clock.h>

#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/init.h>
#include <lab0/io.h>
#include <lab0/printk.h>
#include <lab0/string.h>

#include "cmos_impl.h"

enum {
	CMOS_INDEX = 0x70,		/* bit 7: NMI off; we leave it on */
	CMOS_DATA = 0x71,
	CMOS_A_UPDATING = 1 << 7,
	UPDATE_POLLS = 20000,		/* 2 ms at the most, 1 us and more each */
	EQUAL_TRIES = 10,
};

/* -- The chip -------------------------------------------------------------- */

static uint8_t
get(enum cmos_register reg)
{
	outb(reg, CMOS_INDEX);
	return inb(CMOS_DATA);
}

static int
read_once(struct cmos_state *state)
{
	unsigned polls = 0;

	while (get(CMOS_A) & CMOS_A_UPDATING) {
		if (++polls == UPDATE_POLLS)
			return -ENODEV;
		cpu_pause();
	}
	*state = (struct cmos_state){
		.second = get(CMOS_SECOND), .minute = get(CMOS_MINUTE),
		.hour = get(CMOS_HOUR), .day = get(CMOS_DAY),
		.month = get(CMOS_MONTH), .year = get(CMOS_YEAR),
		.century = get(CMOS_CENTURY), .format = get(CMOS_B),
	};
	return 0;
}

int
cmos_read(struct calendar *date)
{
	struct cmos_state before, state;

	if (read_once(&state))
		return -ENODEV;
	for (unsigned i = 0; i < EQUAL_TRIES; i++) {
		before = state;
		if (read_once(&state))
			return -ENODEV;
		if (memcmp(&before, &state, sizeof(state)) == 0)
			return cmos_decode(&state, date);
	}
	return -ENODEV;
}

/* -- Calendar time --------------------------------------------------------- */

static uint64_t second_zero;	/* of the monotonic clock; 0: unknown */

uint64_t
clock_calendar_s(void)
{
	return second_zero ? second_zero + clock_now_ns() / NS_PER_S : 0;
}

static int
cmos_init(void)
{
	struct calendar date;

	if (cmos_read(&date)) {
		printk(LOG_NOTICE "cmos: no clock, or it says no date\n");
		return 0;
	}
	second_zero = calendar_to_s(&date) - clock_now_ns() / NS_PER_S;
	printk(LOG_INFO "cmos: %04u-%02u-%02u %02u:%02u:%02u\n", date.year,
	    date.month, date.day, date.hour, date.minute, date.second);
	return 0;
}
INIT(cmos_init);
