/* SPDX-License-Identifier: MIT */
/*
 * format_fuzz.c - formats that C defines, against the C library's printf.
 */
#include <lab0/printk.h>

#include <lab0/string.h>
#include <lab0/todo.h>

#include "fuzz_input.h"
#include "host.h"

enum { TEXT_BYTES = 600, WIDTH_MAX = 200 };

static char *
put_field(char *to, unsigned n)
{
	for (unsigned unit = 100; unit; unit /= 10)
		if (n >= unit || unit == 1)
			*to++ = (char)('0' + n / unit % 10);
	return to;
}

/* Flags that C defines for the letter; what the bits ask for. */
static char *
put_flags(char *to, unsigned bits, char letter)
{
	const char *flags = letter == 's' || letter == 'c' ? "-"
	    : letter == 'd' || letter == 'i' ? "-0+ "
	    : letter == 'u' ? "-0" : "-0#";

	for (; *flags; flags++, bits >>= 1)
		if (bits & 1)
			*to++ = *flags;
	return to;
}

/* "<%...>" */
static void
make_format(struct fuzz_input *in, char *to, char letter, const char *length)
{
	unsigned width = (unsigned)fuzz_take(in, 1) % WIDTH_MAX;
	unsigned precision = (unsigned)fuzz_take(in, 1);

	*to++ = '<';
	*to++ = '%';
	to = put_flags(to, (unsigned)fuzz_take(in, 1), letter);
	if (width)
		to = put_field(to, width);
	if (precision % 2 && letter != 'c') {
		*to++ = '.';
		to = put_field(to, precision / 2);
	}
	while (*length)
		*to++ = *length++;
	*to++ = letter;
	*to++ = '>';
	*to = '\0';
}

#define COMPARE(...) \
	do { \
		want_len = host_snprintf(want, sizeof(want), __VA_ARGS__); \
		got_len = snprintk(got, size, __VA_ARGS__); \
	} while (0)

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	static const char letters[] = "diuxXosc";
	static const char *const lengths[] = { "", "hh", "h", "l", "ll", "z" };
	struct fuzz_input in = { bytes, len_bytes };
	char format[32], want[TEXT_BYTES], *got;
	char letter = letters[fuzz_take(&in, 1) % (sizeof(letters) - 1)];
	unsigned length = (unsigned)fuzz_take(&in, 1) % ARRAY_SIZE(lengths);
	size_t size = fuzz_take(&in, 2) % TEXT_BYTES;
	uint64_t value;
	int want_len, got_len;

	if (!exercise_written("0.2"))
		todo_reached("0.2", "format_integer", LAB_DIR);
	if (letter == 's' || letter == 'c')
		length = 0;
	make_format(&in, format, letter, lengths[length]);
	got = host_copy(want, size);
	if (letter == 's') {
		char *text = host_text(in.next, MIN(in.left, 200ul));

		COMPARE(format, text);
		host_free(text);
	} else {
		value = fuzz_take(&in, 8);
		if (length > 2)
			COMPARE(format, value);
		else
			COMPARE(format, (int)value);
	}
	host_assert(got_len == want_len);
	if (size > 0) {
		size_t kept = MIN(size - 1, (size_t)want_len);

		host_assert(memcmp(got, want, kept) == 0);
		host_assert(got[kept] == '\0');
	}
	host_free(got);
	return 0;
}
