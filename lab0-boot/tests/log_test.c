/* SPDX-License-Identifier: MIT */
/*
 * log_test.c - the log ring. Records have level 7, which consoles don't show.
 */
#include <lab0/console.h>
#include <lab0/ktest.h>
#include <lab0/log.h>
#include <lab0/string.h>

static struct log_record record;

/* The n-th test record: its length and bytes follow from n. */
static size_t
make(uint64_t n, char *text)
{
	size_t len = n * 37 % (LOG_TEXT_MAX + 1);

	memset(text, 'a' + (int)(n % 26), len);
	return len;
}

static void
write(uint64_t n)
{
	char text[LOG_TEXT_MAX];

	log_write(7, text, make(n, text));
}

static bool
is(const struct log_record *r, uint64_t n)
{
	char text[LOG_TEXT_MAX];
	size_t len = make(n, text);

	return r->length == len && memcmp(r->text, text, len) == 0
	    && r->text[len] == '\0' && r->level == 7;
}

/* A reader gets every record once, whole, in order, with rising stamps. */
KTEST(log_reader_gets_each_record_once)
{
	struct log_cursor cursor = log_end();
	uint64_t stamp = 0;

	for (uint64_t n = 0; n < 400; n += 2) {
		write(n);
		write(n + 1);
		for (uint64_t i = n; i < n + 2; i++) {
			expect(log_read(&cursor, &record));
			expect(is(&record, i));
			expect_eq(record.lost, 0);
			expect(record.stamp >= stamp);
			stamp = record.stamp;
		}
		expect(!log_read(&cursor, &record));
	}
}

/* A reader that was overtaken goes on at the oldest and learns his loss. */
KTEST(log_reader_learns_what_it_lost)
{
	struct log_cursor cursor = log_end();
	uint64_t first = cursor.sequence, n = 0, expected;

	for (; n < 500; n++)
		write(n);
	expect(log_read(&cursor, &record));
	expect(record.lost > 0);
	expect_eq(record.sequence, first + record.lost);
	for (expected = record.lost; expected < n; expected++) {
		expect(is(&record, expected));
		expect_eq(log_read(&cursor, &record), expected + 1 < n);
	}
}

/* Nothing is lost before the ring is full. */
KTEST(log_keeps_what_fits)
{
	struct log_counts counts;
	uint64_t kept;

	for (unsigned i = 0; i < 2000; i++)
		log_write(7, "sixteen bytes!!!", 16);
	counts = log_counts();
	kept = counts.written - counts.overwritten;
	expect_eq(kept, LOG_RING_BYTES / 32);
	expect_eq(counts.dropped, 0);
}

/* Too long a text is cut, an empty one is a record. */
KTEST(log_cuts_long_text)
{
	static char text[LOG_TEXT_MAX + 50];
	struct log_cursor cursor = log_end();

	memset(text, 'x', sizeof(text));
	log_write(7, text, sizeof(text));
	log_write(7, "", 0);
	expect(log_read(&cursor, &record));
	expect_eq(record.length, LOG_TEXT_MAX);
	expect(log_read(&cursor, &record));
	expect_eq(record.length, 0);
}

static char shown[256];
static size_t nshown;

static void
collect(const char *text, size_t len_bytes)
{
	len_bytes = MIN(len_bytes, sizeof(shown) - 1 - nshown);
	memcpy(shown + nshown, text, len_bytes);
	nshown += len_bytes;
	shown[nshown] = '\0';
}

static uint64_t
fixed_read(void)
{
	return 1234567;
}

static uint64_t
fixed_to_us(uint64_t stamp)
{
	return stamp;
}

/* The newest lines are shown with their times; a line may have two parts. */
KTEST(log_dump_shows_the_newest_lines)
{
	static const struct log_clock clock = { fixed_read, fixed_to_us };
	const struct log_clock *old = log_clock;

	log_clock = &clock;
	log_write(7, "not this\n", 9);
	log_write(7, "one\n", 4);
	log_write(7, "two, ", 5);
	log_write(7, "three", 5);
	nshown = 0;
	log_dump(3, collect);
	log_clock = old;
	expect_streq(shown,
	    "[    1.234567] one\n[    1.234567] two, three\n");
}

/* Without a known frequency the stamp is the raw count. */
KTEST(log_stamp_of_an_unknown_clock)
{
	static const struct log_clock clock = { .read = fixed_read };
	const struct log_clock *old = log_clock;
	char stamp[LOG_STAMP_MAX];
	size_t len;

	log_clock = &clock;
	len = log_stamp(UINT64_MAX, stamp);
	expect_memeq(stamp, "[18446744073709551615] ", len);
	len = log_stamp(1234567, stamp);
	log_clock = old;
	expect_eq(len, 15);
	expect_memeq(stamp, "[     1234567] ", 15);
}
