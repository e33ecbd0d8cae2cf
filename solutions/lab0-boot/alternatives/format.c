/* SPDX-License-Identifier: MIT */
/*
 * format.c - one value becomes characters: sign, base, digits, padding.
 *
 * Offers    format_integer, format_string.    Stands on  format.h alone.
 *
 * A field is measured first and put afterwards, from left to right: digits
 * leave from the highest down, so that no buffer has to hold them.
 */
#include <lab0/format.h>

/* What stands between the blanks on the left and those on the right. */
struct field {
	char		lead[4];	/* sign, prefix; ends with a 0 */
	size_t		zeros;		/* behind the lead */
	size_t		digits;		/* of the value; 0 has none */
};

/* Put `count` times the same character. */
static void
repeat(struct format_out *out, char c, size_t count)
{
	while (count--)
		format_putc(out, c);
}

/* How much is missing until `have` is `wanted`. */
static size_t
missing(size_t wanted, size_t have)
{
	return wanted > have ? wanted - have : 0;
}

/* Number of digits, and the place value of the highest one. */
static size_t
measure(uint64_t value, unsigned base, uint64_t *place)
{
	size_t digits = 0;

	for (*place = 1; value / *place >= base; *place *= base)
		digits++;
	return value ? digits + 1 : 0;
}

/* The sign's character, or 0 where there is none. */
static char
sign_of(unsigned flags, bool negative)
{
	if (!(flags & FMT_SIGNED))
		return '\0';
	if (negative)
		return '-';
	return flags & FMT_PLUS ? '+' : flags & FMT_SPACE ? ' ' : '\0';
}

static void
set_lead(struct field *field, const struct format_spec *spec, char sign,
    uint64_t value)
{
	char *to = field->lead;

	if (sign)
		*to++ = sign;
	if (spec->flags & FMT_ALT && spec->base == 16 && value) {
		*to++ = '0';
		*to++ = spec->flags & FMT_UPPER ? 'X' : 'x';
	}
	*to = '\0';
}

void
format_integer(struct format_out *out, const struct format_spec *spec,
    uint64_t value)
{
	const char *names = spec->flags & FMT_UPPER ?
	    "0123456789ABCDEF" : "0123456789abcdef";
	bool negative = spec->flags & FMT_SIGNED && value >> 63;
	bool precise = spec->precision >= 0;
	struct field field;
	uint64_t place;
	size_t blanks;

	if (negative)
		value = -value;
	set_lead(&field, spec, sign_of(spec->flags, negative), value);
	field.digits = measure(value, spec->base, &place);
	field.zeros = missing(precise ? (size_t)spec->precision : 1,
	    field.digits);
	if (spec->flags & FMT_ALT && spec->base == 8 && field.zeros == 0)
		field.zeros = 1;

	blanks = missing(spec->width,
	    strlen(field.lead) + field.zeros + field.digits);
	if (spec->flags & FMT_ZERO && !(spec->flags & FMT_LEFT) && !precise) {
		field.zeros += blanks;
		blanks = 0;
	}

	repeat(out, ' ', spec->flags & FMT_LEFT ? 0 : blanks);
	format_write(out, field.lead, strlen(field.lead));
	repeat(out, '0', field.zeros);
	for (; field.digits; field.digits--, place /= spec->base)
		format_putc(out, names[value / place % spec->base]);
	repeat(out, ' ', spec->flags & FMT_LEFT ? blanks : 0);
}

void
format_string(struct format_out *out, const struct format_spec *spec,
    const char *s)
{
	const char *text = s ? s : "(null)";
	/* Without a precision, -1, this is the largest size there is. */
	size_t length = strnlen(text, (size_t)spec->precision);
	size_t blanks = missing(spec->width, length);
	size_t left = spec->flags & FMT_LEFT ? 0 : blanks;

	repeat(out, ' ', left);
	format_write(out, text, length);
	repeat(out, ' ', blanks - left);
}
