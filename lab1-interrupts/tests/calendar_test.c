/* SPDX-License-Identifier: MIT */
/*
 * calendar_test.c - dates against a count of days, registers against dates,
 * counters against nanoseconds.
 */
#include <lab1/clock.h>

#include <lab0/errno.h>
#include <lab0/ktest.h>
#include <lab0/string.h>

#include "clock_impl.h"
#include "cmos_impl.h"

enum { DAY_S = 86400, LAST_YEAR = 2120 };

#define YEAR_10000_S	253402300800ul

static bool
is_leap(unsigned year)
{
	return year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
}

static unsigned
days_of(unsigned year, unsigned month)
{
	static const uint8_t days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31,
	};

	return days[month - 1] + (month == 2 && is_leap(year));
}

static bool
same(const struct calendar *a, const struct calendar *b)
{
	return a->year == b->year && a->month == b->month && a->day == b->day
	    && a->hour == b->hour && a->minute == b->minute
	    && a->second == b->second;
}

/* Whether a date is that second, both ways. */
static bool
both_ways(const struct calendar *date, uint64_t seconds)
{
	struct calendar back = calendar_of_s(seconds);

	return calendar_to_s(date) == seconds && same(&back, date);
}

/* All days of a year, the first of which starts at `day`, at some second. */
static bool
year_agrees(unsigned year, uint64_t day)
{
	for (unsigned month = 1; month <= 12; month++) {
		for (unsigned at = 1; at <= days_of(year, month); at++) {
			unsigned rest = (unsigned)ktest_random_below(DAY_S);
			struct calendar date = { year, month, at, rest / 3600,
				rest / 60 % 60, rest % 60 };

			if (!both_ways(&date, day++ * DAY_S + rest))
				return false;
		}
	}
	return true;
}

KTEST(calendar_each_day_has_its_number)
{
	uint64_t day = 0;

	for (unsigned year = 1970; year <= 9999; year++) {
		/* all at first, then those around the ends of centuries */
		if (year <= LAST_YEAR || (year + 1) % 100 <= 2)
			expect(year_agrees(year, day));
		day += is_leap(year) ? 366 : 365;
	}
}

/* Numbers that anybody can look up. */
KTEST(calendar_knows_some_moments)
{
	expect(both_ways(&(struct calendar){ 1970, 1, 1, 0, 0, 0 }, 0));
	expect(both_ways(&(struct calendar){ 2000, 2, 29, 0, 0, 0 },
	    951782400));
	expect(both_ways(&(struct calendar){ 2001, 9, 9, 1, 46, 40 },
	    1000000000));
	expect(both_ways(&(struct calendar){ 2038, 1, 19, 3, 14, 8 },
	    1ul << 31));
	expect(both_ways(&(struct calendar){ 2100, 3, 1, 0, 0, 0 },
	    4107542400));
	expect(both_ways(&(struct calendar){ 9999, 12, 31, 23, 59, 59 },
	    YEAR_10000_S - 1));
}

/* -- Registers ------------------------------------------------------------- */

static uint8_t
digits(unsigned number, uint8_t format)
{
	if (format & CMOS_B_BINARY)
		return (uint8_t)number;
	return (uint8_t)(number / 10 << 4 | number % 10);
}

/* A chip that shows this date in one of its four formats. */
static struct cmos_state
shown(const struct calendar *date, uint8_t format)
{
	unsigned hour = date->hour, afternoon = 0;

	if (!(format & CMOS_B_24_HOURS)) {
		afternoon = hour >= 12 ? CMOS_HOUR_PM : 0;
		hour = hour % 12 ? hour % 12 : 12;
	}
	return (struct cmos_state){
		.second = digits(date->second, format),
		.minute = digits(date->minute, format),
		.hour = (uint8_t)(digits(hour, format) | afternoon),
		.day = digits(date->day, format),
		.month = digits(date->month, format),
		.year = digits(date->year % 100, format),
		.century = digits(date->year / 100, format),
		.format = format,
	};
}

static const uint8_t formats[] = {
	0, CMOS_B_24_HOURS, CMOS_B_BINARY, CMOS_B_24_HOURS | CMOS_B_BINARY,
};

static bool
read_back(const struct calendar *date, uint8_t format)
{
	struct cmos_state state = shown(date, format);
	struct calendar found;

	return cmos_decode(&state, &found) == 0 && same(&found, date);
}

KTEST(cmos_shows_dates_in_four_formats)
{
	for (unsigned i = 0; i < 400; i++) {
		struct calendar date =
		    calendar_of_s(ktest_random_below(YEAR_10000_S));

		date.hour = i % 24;	/* 12 am and pm among them */
		for (unsigned f = 0; f < ARRAY_SIZE(formats); f++)
			expect(read_back(&date, formats[f]));
	}
}

/* What the chip says, with one register as told; -ENODEV: and no date. */
static int
decode_with(size_t offset, uint8_t value, uint8_t format)
{
	static const struct calendar sound = { 2024, 5, 17, 11, 30, 59 };
	struct cmos_state state = shown(&sound, format);
	struct calendar date = sound;
	int err;

	*((uint8_t *)&state + offset) = value;
	err = cmos_decode(&state, &date);
	return err && !same(&date, &sound) ? -EIO : err;
}

#define WITH(field, value) \
	decode_with(offsetof(struct cmos_state, field), value, CMOS_B_24_HOURS)

KTEST(cmos_registers_that_are_no_date_are_none)
{
	expect_eq(WITH(second, 0x59), 0);
	expect_eq(WITH(second, 0x60), -ENODEV);
	expect_eq(WITH(second, 0x0a), -ENODEV);		/* no digit */
	expect_eq(WITH(minute, 0xa0), -ENODEV);
	expect_eq(WITH(minute, 0xff), -ENODEV);
	expect_eq(WITH(hour, 0x24), -ENODEV);
	expect_eq(WITH(day, 0), -ENODEV);
	expect_eq(WITH(day, 0x32), -ENODEV);
	expect_eq(WITH(month, 0), -ENODEV);
	expect_eq(WITH(month, 0x13), -ENODEV);
	expect_eq(WITH(year, 0x9a), -ENODEV);
	expect_eq(decode_with(offsetof(struct cmos_state, hour), 0, 0),
	    -ENODEV);				/* 12 hours are 1 to 12 */
	expect_eq(decode_with(offsetof(struct cmos_state, hour), 0x13, 0),
	    -ENODEV);
	expect_eq(decode_with(offsetof(struct cmos_state, year), 100,
	    CMOS_B_24_HOURS | CMOS_B_BINARY), -ENODEV);
}

static int
date_is(unsigned year, unsigned month, unsigned day)
{
	struct calendar date = { year, month, day, 0, 0, 0 };
	struct cmos_state state = shown(&date, CMOS_B_24_HOURS);

	return cmos_decode(&state, &date);
}

KTEST(cmos_days_that_a_month_lacks_are_no_date)
{
	expect_eq(date_is(2000, 2, 29), 0);
	expect_eq(date_is(2024, 2, 29), 0);
	expect_eq(date_is(2023, 2, 29), -ENODEV);
	expect_eq(date_is(2100, 2, 29), -ENODEV);
	expect_eq(date_is(2024, 2, 30), -ENODEV);
	expect_eq(date_is(2024, 4, 31), -ENODEV);
}

/* Many chips have no register for the century. */
KTEST(cmos_years_without_a_century_are_guessed)
{
	static const struct calendar late = { 1999, 12, 31, 23, 59, 59 };
	static const struct calendar early = { 2069, 1, 1, 0, 0, 0 };
	static const uint8_t rubbish[] = { 0x00, 0xff, 0x18, 0x1a };

	for (unsigned i = 0; i < ARRAY_SIZE(rubbish); i++) {
		struct cmos_state old = shown(&late, CMOS_B_24_HOURS);
		struct cmos_state new = shown(&early, CMOS_B_24_HOURS);
		struct calendar date;

		old.century = new.century = rubbish[i];
		expect_eq(cmos_decode(&old, &date), 0);
		expect_eq(date.year, 1999);
		expect_eq(cmos_decode(&new, &date), 0);
		expect_eq(date.year, 2069);
	}
}

/* -- Counters into nanoseconds --------------------------------------------- */

/* A year's count of any counter is right to a microsecond in a second. */
KTEST(clock_scaling_keeps_64_bits)
{
	static const uint64_t rates_hz[] = {
		1193182, 14318180, 100000000, 1000000000, 2999999999, 6000000000,
	};
	const uint64_t seconds = 365ul * DAY_S;

	for (unsigned i = 0; i < ARRAY_SIZE(rates_hz); i++) {
		uint64_t hz = rates_hz[i];
		uint64_t told = clock_scale(hz * seconds, clock_rate_to_ns(hz));
		uint64_t right = seconds * NS_PER_S;

		expect(told <= right);
		expect(right - told <= seconds * NS_PER_US);
	}
	expect_eq(clock_scale(UINT64_MAX, clock_rate_to_ns(NS_PER_S)),
	    UINT64_MAX);
}

KTEST(clock_frequencies_are_found_and_compared)
{
	expect_eq(clock_hz_of(2000000, 1193, 1193182), 2000305113ul);
	expect_eq(clock_hz_of(1000000, 50000, 100000000), 2000000000);
	expect_eq(clock_hz_of(1, 3, 2), 1);	/* rounded */
	expect(clock_agree(200, 201));
	expect(clock_agree(201, 200));
	expect(!clock_agree(200, 202));
	expect(!clock_agree(202, 200));
}
