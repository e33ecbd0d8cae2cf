/* SPDX-License-Identifier: MIT */
/*
 * format.c - one value becomes characters: sign, base, digits, padding.
 *
 * Offers    format_integer, format_string.    Stands on  format.h alone.
 */
#include <lab0/format.h>

#include <lab0/todo.h>

enum { DIGITS_MAX = 22 };	/* 2^64 - 1 in base 8 */

/* Put `count` times the same character. */
static void
repeat(struct format_out *out, char c, size_t count)
{
	while (count--)
		format_putc(out, c);
}

void
format_integer(struct format_out *out, const struct format_spec *spec,
    uint64_t value)
{
	/* EX 0.2 { the table in <lab0/format.h> */
	const char *alphabet = spec->flags & FMT_UPPER ? "0123456789ABCDEF"
	    : "0123456789abcdef";
	const char *prefix = "";
	size_t prefix_len, zeros = 0, blanks;
	char digits[DIGITS_MAX];	/* filled from its end */
	size_t first = DIGITS_MAX, ndigits;

	if (spec->flags & FMT_SIGNED) {
		if ((int64_t)value < 0) {
			prefix = "-";
			value = -value;	/* unsigned: INT64_MIN is no trap */
		} else if (spec->flags & (FMT_PLUS | FMT_SPACE)) {
			prefix = spec->flags & FMT_PLUS ? "+" : " ";
		}
	} else if (spec->base == 16 && spec->flags & FMT_ALT && value) {
		prefix = spec->flags & FMT_UPPER ? "0X" : "0x";
	}
	prefix_len = !prefix[0] ? 0 : !prefix[1] ? 1 : 2;

	for (; value; value /= spec->base)
		digits[--first] = alphabet[value % spec->base];
	if (first == DIGITS_MAX && spec->precision != 0)
		digits[--first] = '0';
	ndigits = DIGITS_MAX - first;
	if (spec->precision > (int)ndigits)
		zeros = (size_t)spec->precision - ndigits;
	if (spec->base == 8 && spec->flags & FMT_ALT && zeros == 0
	    && (ndigits == 0 || digits[first] != '0'))
		zeros = 1;
	blanks = prefix_len + zeros + ndigits;
	blanks = spec->width > blanks ? spec->width - blanks : 0;
	if (spec->flags & FMT_ZERO && !(spec->flags & FMT_LEFT)
	    && spec->precision < 0) {
		zeros += blanks;
		blanks = 0;
	}

	if (!(spec->flags & FMT_LEFT))
		repeat(out, ' ', blanks);
	while (*prefix)
		format_putc(out, *prefix++);
	repeat(out, '0', zeros);
	format_write(out, digits + first, ndigits);
	if (spec->flags & FMT_LEFT)
		repeat(out, ' ', blanks);
	/* EX 0.2 } (void)out; (void)spec; (void)value;
	(void)repeat; todo("0.2"); */
}

void
format_string(struct format_out *out, const struct format_spec *spec,
    const char *s)
{
	/* EX 0.2 { read no byte behind the precision */
	size_t max = spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision;
	size_t len = 0, blanks;

	if (!s)
		s = "(null)";
	while (len < max && s[len])
		len++;
	blanks = spec->width > len ? spec->width - len : 0;
	if (!(spec->flags & FMT_LEFT))
		repeat(out, ' ', blanks);
	format_write(out, s, len);
	if (spec->flags & FMT_LEFT)
		repeat(out, ' ', blanks);
	/* EX 0.2 } (void)out; (void)spec; (void)s; todo("0.2"); */
}
