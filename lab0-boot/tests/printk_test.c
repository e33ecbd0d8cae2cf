/* SPDX-License-Identifier: MIT */
/*
 * printk_test.c - the parser of format strings.
 */
#include <lab0/errno.h>
#include <lab0/ktest.h>
#include <lab0/log.h>
#include <lab0/printk.h>
#include <lab0/string.h>

/* Not printf_like: what is tested is not all C. */
static const char *
text(const char *fmt, ...)
{
	static char buffer[128];
	va_list args;

	va_start(args, fmt);
	vsnprintk(buffer, sizeof(buffer), fmt, args);
	va_end(args);
	return buffer;
}

/* The length letters say how much of an argument counts. */
KTEST(lengths_cut_arguments, .needs = "0.2")
{
	expect_streq(text("%hhd %hhu", 0x1ff, 0x1ff), "-1 255");
	expect_streq(text("%hd %hu", 0x1ffff, 0x1ffff), "-1 65535");
	expect_streq(text("%d %u", -1, -1), "-1 4294967295");
	expect_streq(text("%ld %lld", -1l, -1ll), "-1 -1");
	expect_streq(text("%zu %zx %jd %td", (size_t)7, (size_t)255,
	    (intmax_t)-7, (ptrdiff_t)-8), "7 ff -7 -8");
	expect_streq(text("%lx %llx", 1ul << 63, 1ull << 62),
	    "8000000000000000 4000000000000000");
}

/* A star takes width or precision from an argument; less than 0 is left. */
KTEST(stars_take_arguments, .needs = "0.2")
{
	expect_streq(text("%*d|", 5, 42), "   42|");
	expect_streq(text("%*d|", -5, 42), "42   |");
	expect_streq(text("%.*d|", 4, 42), "0042|");
	expect_streq(text("%.*d|", -1, 0), "0|");
	expect_streq(text("%*.*s|", 6, 2, "hello"), "    he|");
	expect_streq(text("%.d|", 0), "|");
}

/* What is no conversion is printed as it stands. */
KTEST(unknown_conversions_stand, .needs = "0.2")
{
	expect_streq(text("100%%"), "100%");
	expect_streq(text("%q %d", 7), "%q 7");
	expect_streq(text("%-5y|"), "%-5y|");
	expect_streq(text("%n"), "%n");
	expect_streq(text("at the end %"), "at the end %");
	expect_streq(text("at the end %-08l"), "at the end %-08l");
}

/* Bytes above 127 are text like others, wherever they stand. */
KTEST(text_beyond_ascii_stands, .needs = "0.2")
{
	expect_streq(text("gr\xc3\xb6\xc3\x9f" "e %d, \x80\x81\xff\xa5 %s",
	    5, "\xe2\x82\xac"), "gr\xc3\xb6\xc3\x9f"
	    "e 5, \x80\x81\xff\xa5 \xe2\x82\xac");
}

/* %c puts one character, padded, and also the null byte. */
KTEST(characters_are_padded, .needs = "0.2")
{
	char buffer[8];

	expect_streq(text("%c%c", 'o', 'k'), "ok");
	expect_streq(text("%3c|%-3c|", 'a', 'b'), "  a|b  |");
	expect_eq(snprintk(buffer, sizeof(buffer), "a%cb", '\0'), 3);
	expect_memeq(buffer, "a\0b", 4);
}

/* Pointers have 16 digits, errors their names, code addresses a symbol. */
KTEST(pointers_tell_what_they_are, .needs = "0.2,0.4")
{
	const char *symbol;

	expect_streq(text("%p", (void *)0xbeef), "0x000000000000beef");
	expect_streq(text("%p|", NULL), "0x0000000000000000|");
	expect_streq(text("%pE %pE", (void *)(long)-ENOMEM,
	    (void *)(long)EIO), "ENOMEM EIO");
	expect_streq(text("%8pE|", (void *)(long)-EIO), "     EIO|");
	symbol = text("%pS", (char *)printk + 4);
	expect_streq(symbol, "printk+0x4");
	expect_streq(text("%pS", (void *)0x10), "0x0000000000000010");
}

/* A field wider than C promises is cut, so no format takes for ever. */
KTEST(giant_fields_are_cut, .needs = "0.2")
{
	char buffer[4];

	expect_eq(snprintk(buffer, sizeof(buffer), "%2000000000d", 1), 4095);
	expect_streq(buffer, "   ");
	expect_eq(snprintk(NULL, 0, "%.*d", 1 << 30, 1), 4095);
	expect_eq(strlen(text("%4294967297d", 1)), 127);	/* 2^32 + 1 */
}

/* printk puts its text with its level into the log. */
KTEST(printk_reaches_the_log, .needs = "0.2")
{
	static struct log_record record;
	struct log_cursor cursor = log_end();

	expect_eq(printk(LOG_DEBUG "%s %d\n", "answer", 42), 10);
	expect(log_read(&cursor, &record));
	expect_streq(record.text, "answer 42\n");
	expect_eq(record.level, 7);
	expect(!log_read(&cursor, &record));
}
