/* SPDX-License-Identifier: MIT */
/*
 * printk_samples_test.c - random formats for test_printk.py to judge.
 *
 * With the option samples=N the test image prints N verdict lines and exits:
 *	sample|SIZE|LENGTH|KIND|VALUE|FORMAT|TEXT|
 * SIZE is that of the buffer, LENGTH what snprintk returned, KIND i for an
 * integer (VALUE is 16 digits) or s for a string (VALUE is that string). The
 * host formats the same with its own printf.
 */
#include <lab0/init.h>
#include <lab0/option.h>
#include <lab0/printk.h>
#include <lab0/random.h>
#include <lab0/string.h>
#include <lab0/verdict.h>

OPTION(samples, "COUNT", "print random printk samples for the host, then exit");

enum { TEXT_MAX = 128, FIELD_MAX = 24 };

static struct random generator;

static uint64_t
below(uint64_t bound)
{
	return random_next_below(&generator, bound);
}

static char *
put(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	*to = '\0';
	return to;
}

/* A number by hand: printk is what is judged. */
static char *
put_field(char *to)
{
	uint64_t n = below(FIELD_MAX);

	if (n >= 10)
		*to++ = (char)('0' + n / 10);
	*to++ = (char)('0' + n % 10);
	*to = '\0';
	return to;
}

static char *
put_flags(char *to, const char *flags)
{
	for (; *flags; flags++) {
		if (below(3) == 0)
			*to++ = *flags;
	}
	*to = '\0';
	return to;
}

/* Flags that C defines for the letter, and no others. */
static void
make_format(char *to, const char *flags, const char *length,
    const char *letter)
{
	to = put(to, below(2) ? "<" : "");
	to = put_flags(put(to, "%"), flags);
	if (below(2)) {
		*to++ = (char)('1' + below(9));	/* no 0: that is a flag */
		if (below(2))
			*to++ = (char)('0' + below(10));
	}
	if (*letter != 'c' && below(3) == 0)
		to = put_field(put(to, "."));
	put(put(put(to, length), letter), ">");
}

/* Of any magnitude, not just the great ones that are most of all numbers. */
static uint64_t
some_integer(void)
{
	uint64_t n = random_next(&generator) >> below(64);

	return below(8) == 0 ? 0 : below(2) ? 0 - n : n;
}

static const char *
some_string(char *text)
{
	size_t len = below(FIELD_MAX);

	for (size_t i = 0; i < len; i++)
		text[i] = (char)('a' + below(26));
	text[len] = '\0';
	return text;
}

static void
sample_begin(size_t size, int length, const char *kind)
{
	verdict_begin();
	verdict_str("sample|");
	verdict_dec(size);
	verdict_str("|");
	verdict_dec((uint64_t)length);
	verdict_str("|");
	verdict_str(kind);
	verdict_str("|");
}

static void
sample_end(const char *format, const char *text)
{
	verdict_str("|");
	verdict_str(format);
	verdict_str("|");
	verdict_str(text);
	verdict_str("|");
	verdict_end();
}

/* Without its format attribute: the formats are made up. */
static int
format(char *text, size_t size, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintk(text, size, fmt, args);
	va_end(args);
	return length;
}

static void
sample_integer(void)
{
	static const char *const letters[] = { "d", "i", "u", "x", "X", "o" };
	static const char *const flags[] = { "-0+ ", "-0", "-0#" };
	static const char *const lengths[] = { "hh", "h", "", "l", "ll", "z" };
	size_t letter = below(ARRAY_SIZE(letters));
	size_t size = below(3) ? TEXT_MAX : 1 + below(FIELD_MAX);
	char fmt[TEXT_MAX], text[TEXT_MAX];
	uint64_t value = some_integer();
	int length;

	make_format(fmt, flags[letter < 2 ? 0 : letter == 2 ? 1 : 2],
	    lengths[below(ARRAY_SIZE(lengths))], letters[letter]);
	length = format(text, size, fmt, value);
	sample_begin(size, length, "i");
	verdict_hex(value);
	sample_end(fmt, text);
}

static void
sample_string(void)
{
	size_t size = below(3) ? TEXT_MAX : 1 + below(FIELD_MAX);
	char fmt[TEXT_MAX], text[TEXT_MAX], value[FIELD_MAX];
	int length;

	make_format(fmt, "-", "", "s");
	length = format(text, size, fmt, some_string(value));
	sample_begin(size, length, "s");
	verdict_str(value);
	sample_end(fmt, text);
}

static int
printk_samples(void)
{
	uint64_t count;

	if (!option_given("samples") || option_u64("samples", 10, &count) != 0)
		return 0;
	random_start(&generator, random_seed());
	for (uint64_t i = 0; i < count; i++) {
		if (below(4))
			sample_integer();
		else
			sample_string();
	}
	verdict_exit(EXIT_OK);
}

INIT_LATE(printk_samples);
