/* SPDX-License-Identifier: MIT */
/*
 * printk.c - takes format strings apart; printk.
 *
 * Offers    all of printk.h.
 * Stands on format (exercise 0.2), log, symbols, errno, console.
 * Source    ISO C11 7.21.6.1 "The fprintf function".
 *
 * Text between conversions is copied here; a conversion becomes a format_spec
 * and goes to format.c. Nothing here touches hardware.
 */
#include <lab0/printk.h>

#include <lab0/console.h>
#include <lab0/errno.h>
#include <lab0/format.h>
#include <lab0/log.h>
#include <lab0/string.h>
#include <lab0/symbols.h>
#include <lab0/todo.h>

#include "log_impl.h"
#include "word.h"

enum {
	FIELD_MAX = 4095,	/* C promises no wider field either */
	POINTER_DIGITS = 16,
	SYMBOL_TEXT_MAX = 96,
	PAGE_BYTES = 4096,
};

#define ONES 0x0101010101010101ull	/* 1 in each byte of a word */
/* For reads behind the end of a string. */
#define no_sanitize_address __attribute__((no_sanitize_address))

/* How much of an argument counts. */
enum length { LENGTH_INT, LENGTH_CHAR, LENGTH_SHORT, LENGTH_LONG };

/* A va_list in a struct can be handed on by pointer. */
struct arguments {
	va_list list;
};

struct conversion {
	struct format_spec	spec;
	enum length		length;
};

/*
 * Bit 7 of the lowest byte that is 0. Bytes above 0x80, which no message of
 * the kernel has, are also marked: the caller looks again.
 */
static inline uint64_t
zero_bytes(uint64_t word)
{
	return (word - ONES) & ONES << 7;
}

/* Bytes from an address to the end of its page. */
static inline size_t
left_of_page(const char *at)
{
	return PAGE_BYTES - ((uintptr_t)at & (PAGE_BYTES - 1));
}

/* put_literal, a byte at a time. */
static __attribute__((noinline)) const char *
put_literal_slowly(struct format_out *out, const char *fmt)
{
	const char *start = fmt;

	while (*fmt && *fmt != '%')
		fmt++;
	format_write(out, start, (size_t)(fmt - start));
	return fmt;
}

/*
 * Put the text up to the next `%` or the end; returns where that is. Eight
 * bytes at a time where the format and the buffer have as many: messages are
 * mostly such text. Bytes behind the end may be read, but never of another
 * page; bytes put too many are overwritten by what follows.
 */
static inline no_sanitize_address const char *
put_literal(struct format_out *out, const char *fmt)
{
	char *to = out->buffer + out->length;
	size_t room = out->length < out->room ? out->room - out->length : 0;
	size_t words = MIN(room, left_of_page(fmt)) / WORD;

	for (; words > 0; words--, to += WORD, fmt += WORD) {
		uint64_t word = *(const word_t *)fmt;
		uint64_t stop = zero_bytes(word)
		    | zero_bytes(word ^ '%' * ONES);

		*(word_t *)to = word;
		if (stop) {
			unsigned n = (unsigned)__builtin_ctzll(stop) / 8;

			to += n;
			fmt += n;
			break;
		}
	}
	if (room)
		out->length = (size_t)(to - out->buffer);
	return *fmt == '%' || !*fmt ? fmt : put_literal_slowly(out, fmt);
}

static unsigned
flag_of(char c)
{
	switch (c) {
	case '-':
		return FMT_LEFT;
	case '0':
		return FMT_ZERO;
	case '+':
		return FMT_PLUS;
	case ' ':
		return FMT_SPACE;
	case '#':
		return FMT_ALT;
	default:
		return 0;
	}
}

/* A width or precision: digits, or `*` for an int argument. */
static const char *
parse_field(const char *fmt, struct arguments *args, int *value)
{
	int n = 0;

	if (*fmt == '*') {
		n = va_arg(args->list, int);
		fmt++;
	} else {
		for (; *fmt >= '0' && *fmt <= '9'; fmt++)
			n = MIN(n * 10 + (*fmt - '0'), FIELD_MAX);
	}
	*value = MAX(MIN(n, FIELD_MAX), -FIELD_MAX);
	return fmt;
}

static const char *
parse_length(const char *fmt, enum length *length)
{
	*length = LENGTH_INT;
	if (*fmt == 'h') {
		*length = fmt[1] == 'h' ? LENGTH_CHAR : LENGTH_SHORT;
		return fmt + (fmt[1] == 'h' ? 2 : 1);
	}
	if (*fmt == 'l' || *fmt == 'z' || *fmt == 'j' || *fmt == 't') {
		*length = LENGTH_LONG;
		return fmt + (fmt[0] == 'l' && fmt[1] == 'l' ? 2 : 1);
	}
	return fmt;
}

/* All that stands before the letter; `fmt` is behind the `%`. */
static const char *
parse(const char *fmt, struct arguments *args, struct conversion *conversion)
{
	struct format_spec *spec = &conversion->spec;
	unsigned flag;
	int field;

	*spec = (struct format_spec){ .base = 10, .precision = -1 };
	for (; (flag = flag_of(*fmt)); fmt++)
		spec->flags |= flag;
	if (*fmt == '*' || (*fmt >= '1' && *fmt <= '9')) {
		fmt = parse_field(fmt, args, &field);
		if (field < 0)
			spec->flags |= FMT_LEFT;
		spec->width = (unsigned)(field < 0 ? -field : field);
	}
	if (*fmt == '.') {
		fmt = parse_field(fmt + 1, args, &field);
		spec->precision = field < 0 ? -1 : field;
	}
	return parse_length(fmt, &conversion->length);
}

static uint64_t
signed_argument(struct arguments *args, enum length length)
{
	int value;

	if (length == LENGTH_LONG)
		return (uint64_t)va_arg(args->list, long);
	value = va_arg(args->list, int);
	if (length == LENGTH_CHAR)
		value = (signed char)value;
	else if (length == LENGTH_SHORT)
		value = (short)value;
	return (uint64_t)(int64_t)value;
}

static uint64_t
unsigned_argument(struct arguments *args, enum length length)
{
	unsigned value;

	if (length == LENGTH_LONG)
		return va_arg(args->list, unsigned long);
	value = va_arg(args->list, unsigned);
	if (length == LENGTH_CHAR)
		value = (unsigned char)value;
	else if (length == LENGTH_SHORT)
		value = (unsigned short)value;
	return value;
}

/* One character, which may be the null byte: no work for format_string. */
static void
put_character(struct format_out *out, const struct format_spec *spec, char c)
{
	for (unsigned n = spec->width; !(spec->flags & FMT_LEFT) && n > 1; n--)
		format_putc(out, ' ');
	format_putc(out, c);
	for (unsigned n = spec->width; spec->flags & FMT_LEFT && n > 1; n--)
		format_putc(out, ' ');
}

static void
symbol_text(char *text, size_t size, const void *address)
{
	uint64_t offset = 0;
	const char *name = symbol_name((uint64_t)address, &offset);

	if (name)
		snprintk(text, size, "%s+0x%lx", name, offset);
	else
		snprintk(text, size, "0x%0*lx", POINTER_DIGITS,
		    (uint64_t)address);
}

/* %p, %pS, %pE; `fmt` is behind the p. */
static const char *
put_pointer(struct format_out *out, struct format_spec *spec, const char *fmt,
    const void *pointer)
{
	char text[SYMBOL_TEXT_MAX];
	const char *shown = text;

	if (*fmt == 'S')
		symbol_text(text, sizeof(text), pointer);
	else if (*fmt == 'E')
		shown = errno_name((int)(intptr_t)pointer);
	else
		snprintk(text, sizeof(text), "0x%0*lx", POINTER_DIGITS,
		    (uint64_t)pointer);
	spec->precision = -1;
	format_string(out, spec, shown);
	return *fmt == 'S' || *fmt == 'E' ? fmt + 1 : fmt;
}

/* Put one conversion; `fmt` is behind its `%`; returns where the rest is. */
static const char *
put_conversion(struct format_out *out, const char *fmt, struct arguments *args)
{
	const char *start = fmt - 1;
	struct conversion c;

	fmt = parse(fmt, args, &c);
	switch (*fmt++) {
	case 'd':
	case 'i':
		c.spec.flags |= FMT_SIGNED;
		format_integer(out, &c.spec, signed_argument(args, c.length));
		return fmt;
	case 'X':
		c.spec.flags |= FMT_UPPER;
		/* fall through */
	case 'x':
		c.spec.base = 16;
		format_integer(out, &c.spec,
		    unsigned_argument(args, c.length));
		return fmt;
	case 'o':
		c.spec.base = 8;
		/* fall through */
	case 'u':
		format_integer(out, &c.spec,
		    unsigned_argument(args, c.length));
		return fmt;
	case 'c':
		put_character(out, &c.spec, (char)va_arg(args->list, int));
		return fmt;
	case 's':
		format_string(out, &c.spec, va_arg(args->list, const char *));
		return fmt;
	case 'p':
		return put_pointer(out, &c.spec, fmt,
		    va_arg(args->list, void *));
	case '%':
		format_putc(out, '%');
		return fmt;
	case '\0':
		fmt--;
		/* fall through */
	default:
		format_write(out, start, (size_t)(fmt - start));
		return fmt;
	}
}

/*
 * The conversions of most messages, without flags, width or length: straight
 * to format.c, past the parser. Returns how many characters of `fmt`, which
 * is behind the `%`, they were; 0: this is for put_conversion.
 */
static inline size_t
put_plain(struct format_out *out, const char *fmt, struct arguments *args)
{
	static const struct format_spec number = {
		.flags = FMT_SIGNED, .base = 10, .precision = -1,
	};
	static const struct format_spec natural = {
		.base = 10, .precision = -1,
	};

	switch (*fmt) {
	case 'd':
		format_integer(out, &number,
		    (uint64_t)(int64_t)va_arg(args->list, int));
		return 1;
	case 'u':
		format_integer(out, &natural, va_arg(args->list, unsigned));
		return 1;
	case 's':
		format_string(out, &natural,
		    va_arg(args->list, const char *));
		return 1;
	default:
		return 0;
	}
}

static no_sanitize_address void
put_format(struct format_out *out, const char *fmt, struct arguments *args)
{
	for (;;) {
		size_t plain;

		fmt = put_literal(out, fmt);
		if (!*fmt++)
			return;
		plain = put_plain(out, fmt, args);
		if (plain)
			fmt += plain;
		else
			fmt = put_conversion(out, fmt, args);
	}
}

/* Whether exercise 0.2 is there; asks only once, for it walks a set. */
static bool
can_format(void)
{
	static enum { UNKNOWN, WRITTEN, UNWRITTEN } state;

	if (state == UNKNOWN)
		state = exercise_written("0.2") ? WRITTEN : UNWRITTEN;
	return state == WRITTEN;
}

static inline int
format(char *buffer, size_t size, const char *fmt, struct arguments *args)
{
	struct format_out out = {
		.buffer = buffer, .room = size ? size - 1 : 0,
	};

	if (can_format())
		put_format(&out, fmt, args);
	else
		format_write(&out, fmt, strlen(fmt));
	if (size)
		buffer[MIN(out.length, out.room)] = '\0';
	return (int)out.length;
}

int
vsnprintk(char *buffer, size_t size, const char *fmt, va_list list)
{
	struct arguments args;
	int length;

	va_copy(args.list, list);
	length = format(buffer, size, fmt, &args);
	va_end(args.list);
	return length;
}

int
snprintk(char *buffer, size_t size, const char *fmt, ...)
{
	struct arguments args;
	int length;

	va_start(args.list, fmt);
	length = format(buffer, size, fmt, &args);
	va_end(args.list);
	return length;
}

/* Not inlined, so that the text is off the stack when consoles run. */
static __attribute__((noinline)) int
print_to_log(unsigned level, const char *fmt, struct arguments *args)
{
	char text[LOG_TEXT_MAX + 1];
	int length = format(text, sizeof(text), fmt, args);

	log_message(level, text, MIN((size_t)length, LOG_TEXT_MAX));
	return length;
}

static inline int
print(const char *fmt, struct arguments *args)
{
	unsigned level = LOG_LEVEL_DEFAULT;
	int length;

	if (fmt[0] == '\001' && fmt[1] >= '0' && fmt[1] <= '7') {
		level = (unsigned)(fmt[1] - '0');
		fmt += 2;
	}
	length = print_to_log(level, fmt, args);
	if (level <= console_loglevel)
		log_to_consoles();
	return length;
}

int
vprintk(const char *fmt, va_list list)
{
	struct arguments args;
	int length;

	va_copy(args.list, list);
	length = print(fmt, &args);
	va_end(args.list);
	return length;
}

int
printk(const char *fmt, ...)
{
	struct arguments args;
	int length;

	va_start(args.list, fmt);
	length = print(fmt, &args);
	va_end(args.list);
	return length;
}

static __attribute__((noinline)) int
print_to_consoles(const char *fmt, struct arguments *args)
{
	char text[LOG_TEXT_MAX + 1];
	int length = format(text, sizeof(text), fmt, args);

	console_write(text, MIN((size_t)length, LOG_TEXT_MAX));
	return length;
}

int
console_printf(const char *fmt, ...)
{
	struct arguments args;
	int length;

	va_start(args.list, fmt);
	length = print_to_consoles(fmt, &args);
	va_end(args.list);
	return length;
}
