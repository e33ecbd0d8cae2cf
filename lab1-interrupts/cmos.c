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
 * Offers    cmos_read, clock_calendar_s, calendar_to_s, calendar_of_s.
 * Stands on clock.
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
	SECONDS_PER_DAY = 86400,
	MARCH = 3,
	DAYS_4_YEARS = 1461,
	DAYS_100_YEARS = 36524,
	DAYS_400_YEARS = 146097,
	DAYS_TO_1970 = 719468,		/* from the 1st of March of year 0 */
};

/* -- Dates ----------------------------------------------------------------- */

/*
 * Years are counted from the 1st of March of year 0, so that the leap day is a
 * year's last; then the months' first days are (153 m + 2) / 5 for m = 0..11.
 */
uint64_t
calendar_to_s(const struct calendar *date)
{
	uint64_t year = date->year - (date->month < MARCH);
	uint64_t month = (date->month + 12 - MARCH) % 12;
	uint64_t days = 365 * year + year / 4 - year / 100 + year / 400
	    + (153 * month + 2) / 5 + date->day - 1;

	return (days - DAYS_TO_1970) * SECONDS_PER_DAY
	    + date->hour * 3600 + date->minute * 60 + date->second;
}

struct calendar
calendar_of_s(uint64_t seconds)
{
	unsigned rest = (unsigned)(seconds % SECONDS_PER_DAY);
	uint64_t days = seconds / SECONDS_PER_DAY + DAYS_TO_1970;
	uint64_t year = days / DAYS_400_YEARS * 400;
	uint64_t centuries, years, month;

	days %= DAYS_400_YEARS;
	/* The last century of four and the last year of four are a day longer
	 * than the others: that day is not the first of the next one. */
	centuries = MIN(days / DAYS_100_YEARS, 3ul);
	days -= centuries * DAYS_100_YEARS;
	year += centuries * 100 + days / DAYS_4_YEARS * 4;
	days %= DAYS_4_YEARS;
	years = MIN(days / 365, 3ul);
	days -= years * 365;
	month = (5 * days + 2) / 153;	/* from March on */
	return (struct calendar){
		.year = (unsigned)(year + years + (month >= 10)),
		.month = (unsigned)(month < 10 ? month + MARCH : month - 9),
		.day = (unsigned)(days - (153 * month + 2) / 5 + 1),
		.hour = rest / 3600,
		.minute = rest / 60 % 60,
		.second = rest % 60,
	};
}

static bool
is_date(const struct calendar *date)
{
	struct calendar again;

	if (date->year < 1970 || date->year > 9999 || date->month < 1
	    || date->month > 12 || date->day < 1 || date->day > 31
	    || date->hour > 23 || date->minute > 59 || date->second > 59)
		return false;
	again = calendar_of_s(calendar_to_s(date));
	return again.day == date->day;	/* or the month has no such day */
}

/* -- The chip -------------------------------------------------------------- */

static uint8_t
get(enum cmos_register reg)
{
	outb(reg, CMOS_INDEX);
	return inb(CMOS_DATA);
}

/* Two decimal digits; -1: not digits. */
static int
of_bcd(unsigned value)
{
	if ((value & 0xf) > 9 || value >> 4 > 9)
		return -1;
	return (int)((value >> 4) * 10 + (value & 0xf));
}

static int
number(const struct cmos_state *state, unsigned value)
{
	return state->format & CMOS_B_BINARY ? (int)value : of_bcd(value);
}

/* 12 am is midnight, 12 pm noon. */
static int
hour_of(const struct cmos_state *state)
{
	int hour;

	if (state->format & CMOS_B_24_HOURS)
		return number(state, state->hour);
	hour = number(state, state->hour & ~(unsigned)CMOS_HOUR_PM);
	if (hour < 1 || hour > 12)
		return -1;
	return hour % 12 + (state->hour & CMOS_HOUR_PM ? 12 : 0);
}

/* A chip without a century has something else there, or 0. */
static int
year_of(const struct cmos_state *state)
{
	int year = number(state, state->year);
	int century = number(state, state->century);

	if (year < 0 || year > 99)
		return -1;
	if (century >= 19 && century <= 99)
		return century * 100 + year;
	return year + (year < 70 ? 2000 : 1900);
}

int
cmos_decode(const struct cmos_state *state, struct calendar *date)
{
	int fields[] = {
		year_of(state), number(state, state->month),
		number(state, state->day), hour_of(state),
		number(state, state->minute), number(state, state->second),
	};
	struct calendar decoded;

	for (unsigned i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i] < 0)
			return -ENODEV;
	}
	decoded = (struct calendar){
		.year = (unsigned)fields[0], .month = (unsigned)fields[1],
		.day = (unsigned)fields[2], .hour = (unsigned)fields[3],
		.minute = (unsigned)fields[4], .second = (unsigned)fields[5],
	};
	if (!is_date(&decoded))
		return -ENODEV;
	*date = decoded;
	return 0;
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
