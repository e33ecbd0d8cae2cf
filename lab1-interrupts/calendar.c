/* SPDX-License-Identifier: MIT */
/*
 * calendar.c - dates, and what the clock chip's registers say as one.
 *
 * Without hardware; also builds on the host.
 *
 * Offers    calendar_to_s, calendar_of_s, cmos_decode.
 * Source    as in cmos.c.
 */
#include <lab1/clock.h>

#include <lab0/errno.h>

#include "cmos_impl.h"

enum {
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

/* -- Registers ------------------------------------------------------------- */

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
