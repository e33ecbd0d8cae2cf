/* SPDX-License-Identifier: MIT */
/*
 * format.h - how one value of a format string becomes characters.
 *
 * The parser in printk.c takes the format string apart; for each conversion it
 * fills a format_spec and calls one of the two functions below, which are
 * exercise 0.2. The rules are printf's; these examples say all of them.
 *
 *	format   value       result      why
 *	%d       -42         -42
 *	%5d      -42         `  -42`     width pads on the left with blanks
 *	%-5d     -42         `-42  `     FMT_LEFT: on the right
 *	%05d     -42         -0042       FMT_ZERO: zeros behind the sign
 *	%-05d    -42         `-42  `     FMT_LEFT beats FMT_ZERO
 *	%+d      42          +42         FMT_PLUS: a sign also when >= 0
 *	`% d`    42          ` 42`       FMT_SPACE: a blank in its place
 *	`%+ d`   42          +42         FMT_PLUS beats FMT_SPACE
 *	%.4d     -42         -0042       precision: at least so many digits
 *	%8.4d    -42         `   -0042`
 *	%08.4d   -42         `   -0042`  a precision switches FMT_ZERO off
 *	%.0d     0           (nothing)   precision 0 of value 0: no digit
 *	%+.0d    0           +           but the sign stays
 *	%x       255         ff
 *	%X       255         FF          FMT_UPPER: also 0X
 *	%#x      255         0xff        FMT_ALT: prefix for base 16
 *	%#x      0           0           but not for the value 0
 *	%#06x    255         0x00ff      zeros behind the prefix
 *	%#6x     255         `  0xff`    blanks before it
 *	%#o      8           010         FMT_ALT: a leading 0 for base 8
 *	%#o      0           0           which value 0 already has
 *	%#.3o    8           010         and so has precision 3
 *	%#.0o    0           0           here it is needed again
 *	%5s      ab          `   ab`
 *	%-5s     ab          `ab   `
 *	%.1s     ab          a           precision: at most so many characters
 *	%s       NULL        (null)
 *	%.3s     NULL                    either `(nu` or nothing
 *
 * Stands on string.h; also builds on the host.
 */
#ifndef LAB0_FORMAT_H
#define LAB0_FORMAT_H

#include <lab0/string.h>
#include <lab0/types.h>

enum format_flags {
	FMT_LEFT = 1 << 0,	/* `-` */
	FMT_ZERO = 1 << 1,	/* `0` */
	FMT_PLUS = 1 << 2,	/* `+`, looked at in signed conversions only */
	FMT_SPACE = 1 << 3,	/* ` `, too */
	FMT_ALT = 1 << 4,	/* `#` */
	FMT_UPPER = 1 << 5,	/* `%X` */
	FMT_SIGNED = 1 << 6,	/* `%d`: the value is an int64_t's bits;
				with base 10 only */
};

/* One conversion. */
struct format_spec {
	unsigned	flags;		/* enum format_flags */
	unsigned	base;		/* 8, 10 or 16 */
	unsigned	width;		/* least number of characters; or 0 */
	int		precision;	/* or -1: none was given */
};

/* Where characters go. `length` also counts those that found no room. */
struct format_out {
	char		*buffer;
	size_t		room;		/* characters that fit into it */
	size_t		length;		/* characters put so far */
};

/* Put one character. */
static inline void
format_putc(struct format_out *out, char c)
{
	if (out->length < out->room)
		out->buffer[out->length] = c;
	out->length++;
}

/* Put `count` characters, as format_putc would. */
static inline void
format_write(struct format_out *out, const char *text, size_t count)
{
	if (out->length < out->room)
		memcpy(out->buffer + out->length, text,
		    MIN(count, out->room - out->length));
	out->length += count;
}

/*
 * Put an integer, with sign, prefix, zeros and blanks as the spec says.
 *
 * value     with FMT_SIGNED the bits of an int64_t; INT64_MIN is a value
 * context   any; never sleeps
 */
void format_integer(struct format_out *out, const struct format_spec *spec,
    uint64_t value);

/*
 * Put a string with blanks as width and FMT_LEFT say; base and the other
 * flags mean nothing.
 *
 * s         a string, or NULL, which is "(null)". With a precision not more
 *           than so many bytes are read: it need not end in a null byte.
 * context   any; never sleeps
 */
void format_string(struct format_out *out, const struct format_spec *spec,
    const char *s);

#endif
