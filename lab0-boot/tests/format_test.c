/* SPDX-License-Identifier: MIT */
/*
 * format_test.c - exercise 0.2: what values look like.
 *
 * Stands on snprintk, whose parser is provided; expected texts are those of
 * the table in format.h or follow from ISO C11 7.21.6.1.
 */
#include <lab0/format.h>
#include <lab0/ktest.h>
#include <lab0/printk.h>
#include <lab0/string.h>
#include <lab0/todo.h>

/* While a stub is left, snprintk would not call it: go there by hand. */
static void
reach_the_stub(void)
{
	struct format_out nowhere = { .buffer = NULL };
	struct format_spec spec = { .base = 10, .precision = -1 };

	format_integer(&nowhere, &spec, 0);
	format_string(&nowhere, &spec, "");
}

/*
 * The text of one format; valid until the next call. Not printf_like: the
 * compiler would warn of the very combinations that are tested.
 */
static const char *
text(const char *fmt, ...)
{
	static char buffer[128];
	va_list args;

	if (!exercise_written("0.2"))
		reach_the_stub();
	va_start(args, fmt);
	vsnprintk(buffer, sizeof(buffer), fmt, args);
	va_end(args);
	return buffer;
}

/* Plain numbers and strings come out as they are meant, with widths. */
KTEST(plain_numbers_and_strings_come_out, .exercise = "0.2", .weight = 7,
    .plain = true)
{
	expect_streq(text("%d", 0), "0");
	expect_streq(text("%d", 42), "42");
	expect_streq(text("%d", -42), "-42");
	expect_streq(text("%u", 3000000000u), "3000000000");
	expect_streq(text("%x", 0xbeef), "beef");
	expect_streq(text("%X", 0xbeef), "BEEF");
	expect_streq(text("%o", 8), "10");
	expect_streq(text("%lx", 0xfedcba9876543210ul), "fedcba9876543210");
	expect_streq(text("%5d|", 42), "   42|");
	expect_streq(text("%-5d|", 42), "42   |");
	expect_streq(text("%05d|", 42), "00042|");
	expect_streq(text("%2d|", 12345), "12345|");
	expect_streq(text("%s", "hello"), "hello");
	expect_streq(text("%8s|", "hello"), "   hello|");
	expect_streq(text("%-8s|", "hello"), "hello   |");
	expect_streq(text("%s: %d of %u", "disk", 1, 2u), "disk: 1 of 2");
}

/* A sign counts as a part of the width, and zeros go behind it. */
KTEST(sign_counts_in_the_width, .exercise = "0.2", .weight = 1)
{
	expect_streq(text("%5d|", -42), "  -42|");
	expect_streq(text("%-5d|", -42), "-42  |");
	expect_streq(text("%05d|", -42), "-0042|");
	expect_streq(text("%+d", 42), "+42");
	expect_streq(text("%+d", -42), "-42");
	expect_streq(text("%+05d|", 42), "+0042|");
	expect_streq(text("% d", 42), " 42");
	expect_streq(text("% d", -42), "-42");
	expect_streq(text("% 5d|", 42), "   42|");
	expect_streq(text("%+ d", 42), "+42");
	expect_streq(text("%+u", 42u), "42");
	expect_streq(text("% x", 42u), "2a");
}

/* The least and the greatest 64-bit numbers are numbers like others. */
KTEST(the_extreme_numbers_come_out, .exercise = "0.2", .weight = 1)
{
	expect_streq(text("%ld", INT64_MIN), "-9223372036854775808");
	expect_streq(text("%ld", INT64_MAX), "9223372036854775807");
	expect_streq(text("%lu", UINT64_MAX), "18446744073709551615");
	expect_streq(text("%lx", UINT64_MAX), "ffffffffffffffff");
	expect_streq(text("%lo", UINT64_MAX), "1777777777777777777777");
	expect_streq(text("%d", INT32_MIN), "-2147483648");
	expect_streq(text("%23ld|", INT64_MIN), "   -9223372036854775808|");
	expect_streq(text("%#024lo|", UINT64_MAX), "001777777777777777777777|");
}

/* A precision is the least number of digits, and 0 makes none of value 0. */
KTEST(precision_counts_digits, .exercise = "0.2", .weight = 1)
{
	expect_streq(text("%.4d", 42), "0042");
	expect_streq(text("%.4d", -42), "-0042");
	expect_streq(text("%.1d", 42), "42");
	expect_streq(text("%.0d|", 0), "|");
	expect_streq(text("%.0d|", 7), "7|");
	expect_streq(text("%5.0d|", 0), "     |");
	expect_streq(text("%+.0d|", 0), "+|");
	expect_streq(text("%.0x|", 0u), "|");
	expect_streq(text("%8.4d|", -42), "   -0042|");
	expect_streq(text("%-8.4d|", -42), "-0042   |");
	expect_streq(text("%.30d", 1), "000000000000000000000000000001");
	expect_streq(text("%.3s|", "hello"), "hel|");
	expect_streq(text("%6.3s|", "hello"), "   hel|");
	expect_streq(text("%.0s|", "hello"), "|");
}

/* The flag 0 gives way to the flag - and to a precision. */
KTEST(zero_flag_gives_way, .exercise = "0.2", .weight = 1)
{
	expect_streq(text("%-05d|", 42), "42   |");
	expect_streq(text("%0-5d|", -42), "-42  |");
	expect_streq(text("%08.4d|", -42), "   -0042|");
	expect_streq(text("%05.0d|", 0), "     |");
	expect_streq(text("%-#08x|", 255u), "0xff    |");
	expect_streq(text("%05x|", 255u), "000ff|");
}

/* The flag # marks the base, but not for the value 0. */
KTEST(alternate_form_marks_the_base, .exercise = "0.2", .weight = 1)
{
	expect_streq(text("%#x", 255u), "0xff");
	expect_streq(text("%#X", 255u), "0XFF");
	expect_streq(text("%#x", 0u), "0");
	expect_streq(text("%#06x|", 255u), "0x00ff|");
	expect_streq(text("%#6x|", 255u), "  0xff|");
	expect_streq(text("%#.4x|", 255u), "0x00ff|");
	expect_streq(text("%#o", 8u), "010");
	expect_streq(text("%#o", 0u), "0");
	expect_streq(text("%#.3o", 8u), "010");
	expect_streq(text("%#.5o", 8u), "00010");
	expect_streq(text("%#.0o", 0u), "0");
	expect_streq(text("%#.0x|", 0u), "|");
	expect_streq(text("%#5o|", 8u), "  010|");
}

/* A NULL string is (null), and a string need not end before its precision. */
KTEST(odd_strings_are_survived, .exercise = "0.2", .weight = 1)
{
	static const char endless[3] = { 'a', 'b', 'c' };

	expect_streq(text("%s", (char *)NULL), "(null)");
	expect_streq(text("%8s|", (char *)NULL), "  (null)|");
	expect_streq(text("%.3s|", endless), "abc|");
	expect_streq(text("%5.2s|", endless), "   ab|");
	expect_streq(text("%s|", ""), "|");
	expect_streq(text("%3s|", ""), "   |");
}

/* No byte behind a buffer changes, and the length is that of the whole text. */
KTEST(small_buffers_are_kept_to, .exercise = "0.2", .weight = 1)
{
	static const char whole[] = "[   -42] [text  ] 0x0000beef";
	enum { LENGTH = sizeof(whole) - 1 };
	char buffer[LENGTH + 8], expected[LENGTH + 8];

	text("");
	for (size_t size = 0; size <= LENGTH + 1; size++) {
		memset(buffer, '#', sizeof(buffer));
		memset(expected, '#', sizeof(expected));
		if (size) {
			memcpy(expected, whole, size - 1);
			expected[size - 1] = '\0';
		}
		expect_eq(snprintk(buffer, size, "[%6d] [%-6s] %#010x", -42,
		    "text", 0xbeefu), LENGTH);
		expect_memeq(buffer, expected, sizeof(buffer));
	}
}
