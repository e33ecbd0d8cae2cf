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
	/* Exercise 0.2 (1 of 2): the table in <lab0/format.h> */
	(void)out; (void)spec; (void)value;
	(void)repeat; todo("0.2");
}

void
format_string(struct format_out *out, const struct format_spec *spec,
    const char *s)
{
	/* Exercise 0.2 (2 of 2): read no byte behind the precision */
	(void)out; (void)spec; (void)s; todo("0.2");
}
