/* SPDX-License-Identifier: MIT */
/*
 * cmos_impl.h - the battery-backed clock's registers: cmos.c reads them,
 * calendar.c makes a date of them.
 *
 * Source    as in cmos.c.
 */
#ifndef LAB1_CMOS_IMPL_H
#define LAB1_CMOS_IMPL_H

#include <lab1/clock.h>

enum cmos_register {
	CMOS_SECOND = 0x00,
	CMOS_MINUTE = 0x02,
	CMOS_HOUR = 0x04,
	CMOS_DAY = 0x07,
	CMOS_MONTH = 0x08,
	CMOS_YEAR = 0x09,
	CMOS_A = 0x0a,
	CMOS_B = 0x0b,
	CMOS_CENTURY = 0x32,
};

enum {
	CMOS_B_24_HOURS = 1 << 1,
	CMOS_B_BINARY = 1 << 2,
	CMOS_HOUR_PM = 1 << 7,		/* with 12 hours */
};

/* The registers as they were read. */
struct cmos_state {
	uint8_t	second, minute, hour, day, month, year, century;
	uint8_t	format;			/* register B */
};

/*
 * What they say.
 *
 * returns   0; -ENODEV: no date, and *date is untouched
 */
must_check int cmos_decode(const struct cmos_state *state,
    struct calendar *date);

#endif
