/* SPDX-License-Identifier: MIT */
/*
 * option_test.c - the boot command line.
 *
 * The line of this boot is read again at each test's end: ktest_run still
 * points into it.
 */
#include <lab0/bootfacts.h>
#include <lab0/errno.h>
#include <lab0/ktest.h>
#include <lab0/option.h>
#include <lab0/string.h>

OPTION(option_test, "TEXT", "known, so that nobody reports it");

static char value_text[32];

/* The value of a name in a line, copied; "(none)" if it is not there. */
static const char *
value_in(const char *line, const char *name)
{
	const char *value;

	option_parse(line);
	value = option_get(name);
	strscpy(value_text, value ? value : "(none)", sizeof(value_text));
	option_parse(boot_facts()->cmdline);
	return value_text;
}

/* Words are cut at blanks, values begin at the first =. */
KTEST(options_are_words_of_the_line)
{
	expect_streq(value_in("a=1 b=2", "a"), "1");
	expect_streq(value_in("a=1 b=2", "b"), "2");
	expect_streq(value_in("  a=1\tb=2\n ", "b"), "2");
	expect_streq(value_in("a=b=c", "a"), "b=c");
	expect_streq(value_in("ab=1", "a"), "(none)");
	expect_streq(value_in("a=1", "ab"), "(none)");
	expect_streq(value_in("a", "a"), "");
	expect_streq(value_in("a=", "a"), "");
	expect_streq(value_in("", "a"), "(none)");
	expect_streq(value_in("   ", "a"), "(none)");
}

/* The last of equal names counts; quotes keep blanks together. */
KTEST(the_last_option_counts)
{
	expect_streq(value_in("a=1 a=2", "a"), "2");
	expect_streq(value_in("a=\"x y\" b=3", "a"), "x y");
	expect_streq(value_in("a=\"x y\" b=3", "b"), "3");
	expect_streq(value_in("\"a=x y\" b=3", "a"), "x y");
	expect_streq(value_in("a=\"x y", "a"), "x y");
	expect_streq(value_in("\"\" a=1", "a"), "1");
}

static int
number_in(const char *line, unsigned base, uint64_t *out)
{
	int err;

	option_parse(line);
	err = option_u64("option_test", base, out);
	option_parse(boot_facts()->cmdline);
	return err;
}

/* Numbers are read or refused, lists are searched word by word. */
KTEST(option_values_are_read)
{
	uint64_t n = 5;
	bool has, part;

	expect_eq(number_in("a=1", 10, &n), -ENOENT);
	expect_eq(number_in("option_test=1x", 10, &n), -EINVAL);
	expect_eq(n, 5);
	expect_eq(number_in("option_test=ff", 16, &n), 0);
	expect_eq(n, 0xff);
	option_parse("option_test=serial,vga");
	has = option_has("option_test", "vga")
	    && option_has("option_test", "serial");
	part = option_has("option_test", "ser")
	    || option_has("option_test", "ga");
	option_parse(boot_facts()->cmdline);
	expect(has && !part);
}

/* A line longer than memory for it is cut, and nothing else is harmed. */
KTEST(too_long_a_line_is_cut)
{
	static char line[OPTION_LINE_MAX + 600];

	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, "a=1 ", 4);
	expect_streq(value_in(line, "a"), "1");
	for (size_t i = 0; i < 200; i++)
		memset(line + 5 + ktest_random_below(sizeof(line) - 8), ' ', 2);
	expect_streq(value_in(line, "a"), "1");
}
