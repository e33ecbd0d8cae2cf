/* SPDX-License-Identifier: MIT */
/*
 * log_console.c - from the log to the consoles, with time stamps.
 *
 * Owns      how far the consoles have read, and the level that they show.
 * Offers    log_to_consoles, log_replay, log_dump, log_stamp, log_emergency.
 * Stands on log, console, option.
 * Locks     consoles.busy, which nobody waits for: who finds it taken leaves
 *           his record to the one who is at it.
 */
#include <lab0/log.h>

#include <lab0/console.h>
#include <lab0/init.h>
#include <lab0/option.h>
#include <lab0/power.h>
#include <lab0/printk.h>
#include <lab0/string.h>

#include "log_impl.h"

OPTION(loglevel, "0..7",
    "show messages up to this level on the consoles; default 6");
static_assert(LOG_LEVEL_DEFAULT == 6, "the option's text says 6");

enum {
	DIGITS_MAX = 20,	/* of a 64-bit number */
	US_PER_SECOND = 1000000,
	/* One for what printk was called for, one for what its output said. */
	PASSES = 2,
};

unsigned console_loglevel = LOG_LEVEL_DEFAULT;

/* Fields: a atomic, b who has set busy. */
static struct {
	bool			busy;		/* [a] */
	bool			in_line;	/* [b] last text had no "\n" */
	struct log_cursor	cursor;		/* [b] */
	struct log_record	record;		/* [b] */
} consoles;

/*
 * Right-aligned in a field that grows if it must. The stamp's numbers are
 * written by hand: exercise 0.2 may be missing, and every line has them.
 */
static inline char *
put_number(char *to, uint64_t value, unsigned width, uint64_t limit, char pad)
{
	char *at;

	for (; value >= limit && width < DIGITS_MAX; limit *= 10)
		width++;
	at = to + width;
	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (at > to)
		*--at = pad;
	return to + width;
}

size_t
log_stamp(uint64_t stamp, char *buffer)
{
	char *to = buffer;

	*to++ = '[';
	if (log_clock->to_us) {
		uint64_t us = log_clock->to_us(stamp);

		to = put_number(to, us / US_PER_SECOND, 5, 100000, ' ');
		*to++ = '.';
		to = put_number(to, us % US_PER_SECOND, 6, US_PER_SECOND, '0');
	} else {
		to = put_number(to, stamp, 12, 1000000000000ull, ' ');
	}
	*to++ = ']';
	*to++ = ' ';
	return (size_t)(to - buffer);
}

/* Returns whether the line goes on with the next record. */
static bool
show(const struct log_record *record, bool in_line, log_sink *sink)
{
	static const char gap[] = "(older messages are lost)\n";
	char stamp[LOG_STAMP_MAX];

	if (record->lost && !in_line)
		sink(gap, sizeof(gap) - 1);
	if (!in_line)
		sink(stamp, log_stamp(record->stamp, stamp));
	sink(record->text, record->length);
	return record->length && record->text[record->length - 1] != '\n';
}

void
log_message(unsigned level, const char *text, size_t len_bytes)
{
	if (level <= console_loglevel)
		log_write(level, text, len_bytes);
	else
		log_write_past(level, text, len_bytes, &consoles.cursor);
}

/* Show what the log held when it began: bounded, whoever writes meanwhile. */
static void
show_pending(void)
{
	uint64_t end = log_head();

	while (consoles.cursor.position < end
	    && log_read_up_to(&consoles.cursor, &consoles.record,
	    console_loglevel))
		consoles.in_line = show(&consoles.record, consoles.in_line,
		    console_write);
}

void
log_to_consoles(void)
{
	for (unsigned pass = 0; pass < PASSES; pass++) {
		if (consoles.cursor.position >= log_head())
			return;
		if (__atomic_exchange_n(&consoles.busy, true,
		    __ATOMIC_ACQUIRE))
			return;
		show_pending();
		__atomic_store_n(&consoles.busy, false, __ATOMIC_RELEASE);
	}
}

void
log_replay(log_sink *sink)
{
	struct log_cursor cursor = { 0 };
	struct log_record record;
	bool in_line = false;

	while (cursor.position < consoles.cursor.position
	    && log_read(&cursor, &record)) {
		if (record.level <= console_loglevel)
			in_line = show(&record, in_line, sink);
	}
}

void
log_dump(size_t nrecords, log_sink *sink)
{
	struct log_cursor end = log_end(), cursor = { 0 };
	struct log_record record;
	bool in_line = false;

	while (cursor.position < end.position && log_read(&cursor, &record)) {
		if (record.sequence + nrecords >= end.sequence)
			in_line = show(&record, in_line, sink);
	}
	if (in_line)
		sink("\n", 1);
}

void
log_emergency(void)
{
	log_set_emergency();
	consoles.busy = false;
	HOOK_CALL(machine_ends);
}

/* Boot step: the option loglevel=. */
static int
log_level_init(void)
{
	uint64_t level;

	if (option_given("loglevel") && option_u64("loglevel", 10, &level) == 0)
		console_loglevel = (unsigned)MIN(level, 7ul);
	return 0;
}

INIT(log_level_init);
