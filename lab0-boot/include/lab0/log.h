/* SPDX-License-Identifier: MIT */
/*
 * log.h - the kernel's memory of what was said: a ring of records.
 *
 * Fixed memory, so it works from the first C line on; the oldest records go,
 * whole, when room is needed. A reader has a cursor of its own; if it was
 * overtaken, log_read says how many records it missed.
 *
 * Offers    log_write, log_read, log_dump, log_replay, log_clock.
 */
#ifndef LAB0_LOG_H
#define LAB0_LOG_H

#include <lab0/singleton.h>
#include <lab0/types.h>

enum {
	LOG_RING_BYTES = 32 * 1024,
	LOG_TEXT_MAX = 512,		/* bytes of a record, no null byte */
	LOG_STAMP_MAX = 32,		/* what log_stamp writes at most */
	LOG_LEVEL_DEFAULT = 6,
};

/* What a reader gets: a copy. */
struct log_record {
	uint64_t	stamp;		/* of log_clock->read */
	uint64_t	sequence;	/* 0 for the first record ever */
	uint64_t	lost;		/* overwritten before the read */
	unsigned	level;		/* 0 (worst) to 7 */
	unsigned	length;
	char		text[LOG_TEXT_MAX + 1];	/* ended by a null byte */
};

/* Where a reader stands. All zeros is before the oldest record. */
struct log_cursor {
	uint64_t	position;
	uint64_t	sequence;
};

/*
 * The clock of the time stamps: singleton, the default is the TSC with no
 * known frequency. Stamps are converted when they are shown, so the old ones
 * become times too.
 */
struct log_clock {
	uint64_t	(*read)(void);		/* any context, cheap */
	uint64_t	(*to_us)(uint64_t);	/* since boot; NULL: unknown */
};

SINGLETON_DECLARE(struct log_clock, log_clock);

/*
 * Add a record. Text longer than LOG_TEXT_MAX is cut.
 *
 * level     0..7
 * context   any, also inside a console driver or a panic; never sleeps
 * locks     takes log.lock; a record that comes while this CPU holds it is
 *           counted as lost
 */
void log_write(unsigned level, const char *text, size_t len_bytes);

/*
 * Copy out the record at the cursor and step behind it.
 *
 * returns   false: there is no newer record
 * context   any; never sleeps
 * locks     takes log.lock
 */
bool log_read(struct log_cursor *cursor, struct log_record *record);

/* Cursor behind the newest record: reads only what comes later. */
struct log_cursor log_end(void);

/* Records that were written, overwritten unread or not, and dropped. */
struct log_counts {
	uint64_t	written;
	uint64_t	overwritten;
	uint64_t	dropped;	/* came while the log was busy */
};

struct log_counts log_counts(void);

/*
 * Text of a time stamp: "[    1.234567] ", or "[   123456789] " of raw cycles
 * while nobody knows the clock's frequency.
 *
 * returns   its length; `buffer` holds LOG_STAMP_MAX bytes
 */
size_t log_stamp(uint64_t stamp, char *buffer);

/* A sink of characters, such as a console's write function. */
typedef void log_sink(const char *text, size_t len_bytes);

/* Show the newest `nrecords` records, stamped, whatever their level. */
void log_dump(size_t nrecords, log_sink *sink);

/*
 * Show a new console what the consoles have had so far. To be called once by
 * who registers a console.
 */
void log_replay(log_sink *sink);

/* Bring the consoles up to date; printk does it by itself. */
void log_to_consoles(void);

/*
 * The system is dying: from now on log.lock is taken only if that works
 * within a bounded time, and the consoles are written to even if another CPU
 * is at it. Calls the hook machine_ends.
 *
 * context   interrupts off
 */
void log_emergency(void);

/* Messages up to this level are shown on the consoles; option loglevel=. */
extern unsigned console_loglevel;

#endif
