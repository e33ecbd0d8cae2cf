/* SPDX-License-Identifier: MIT */
/*
 * printk_fuzz.c - any text as a format string; then through the log.
 */
#include <lab0/printk.h>

#include <lab0/log.h>
#include <lab0/string.h>

#include "host.h"

enum { ARGUMENTS = 8, LARGE = 8192 };

/* At most so many conversions and stars as there are arguments. */
static bool
takes_too_much(const char *format)
{
	unsigned n = 0;

	for (; *format; format++)
		n += *format == '%' || *format == '*';
	return n > ARGUMENTS;
}

/* Every argument is a string: a valid one for %s, some number for others. */
static int
print(char *buffer, size_t size, const char *format, const char *s)
{
	return snprintk(buffer, size, format, s, s, s, s, s, s, s, s);
}

/* A buffer that is too small holds the start of the whole. */
static void
compare_small(const char *whole, int length, const char *format, const char *s)
{
	for (size_t size = 0; size < 80 && size <= (size_t)length; size += 7) {
		char *small = host_copy(whole, size);

		host_assert(print(small, size, format, s) == length);
		if (size > 0) {
			host_assert(memcmp(small, whole, size - 1) == 0);
			host_assert(small[size - 1] == '\0');
		}
		host_free(small);
	}
}

static void
through_the_log(const char *format, const char *s)
{
	static struct log_record record;
	struct log_cursor cursor = log_end();

	printk(format, s, s, s, s, s, s, s, s);
	while (log_read(&cursor, &record)) {
		host_assert(record.length <= LOG_TEXT_MAX);
		host_assert(record.text[record.length] == '\0');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	static char large[LARGE];
	char *format = host_text(bytes, len_bytes);
	char *s = host_text("a string", 8);

	if (!takes_too_much(format) && len_bytes < 512) {
		int length = print(large, sizeof(large), format, s);

		host_assert(length >= 0);
		if ((size_t)length < sizeof(large)) {
			host_assert(large[length] == '\0');
			compare_small(large, length, format, s);
		}
		through_the_log(format, s);
	}
	host_free(format);
	host_free(s);
	return 0;
}
