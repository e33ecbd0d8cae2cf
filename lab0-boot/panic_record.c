/* SPDX-License-Identifier: MIT */
/*
 * panic_record.c - a panic on the verdict port, without any exercise.
 *
 * Offers    panic_record, panic_record_again.
 * Stands on verdict.h, symbol_name_slow.
 */
#include "panic_record.h"

#include <lab0/backtrace.h>
#include <lab0/panic_hook.h>
#include <lab0/symbols.h>
#include <lab0/verdict.h>

enum { RECORD_DEPTH_MAX = 32 };

static uint64_t
unsigned_arg(va_list *args, unsigned longs)
{
	return longs ? va_arg(*args, uint64_t) : va_arg(*args, unsigned);
}

static void
signed_arg(va_list *args, unsigned longs)
{
	int64_t value = longs ? va_arg(*args, int64_t) : va_arg(*args, int);

	if (value < 0)
		verdict_str("-");
	verdict_dec(value < 0 ? -(uint64_t)value : (uint64_t)value);
}

static void
string_arg(const char *text)
{
	verdict_str(text ? text : "(null)");
}

/* One conversion; false: it is not known, nor how many bytes it takes. */
static bool
convert(char conversion, unsigned longs, va_list *args)
{
	char c;

	switch (conversion) {
	case 'd':
	case 'i':
		signed_arg(args, longs);
		return true;
	case 'u':
		verdict_dec(unsigned_arg(args, longs));
		return true;
	case 'x':
	case 'X':
		verdict_hex(unsigned_arg(args, longs));
		return true;
	case 'p':
		verdict_hex(va_arg(*args, uint64_t));
		return true;
	case 's':
		string_arg(va_arg(*args, const char *));
		return true;
	case 'c':
		c = (char)va_arg(*args, int);
		verdict_strn(&c, 1);
		return true;
	case '%':
		verdict_str("%");
		return true;
	}
	return false;
}

/* Behind flags, width and precision, which a record does not need. */
static const char *
skip_layout(const char *fmt, va_list *args)
{
	for (; (*fmt >= '0' && *fmt <= '9') || *fmt == '-' || *fmt == '+' ||
	    *fmt == ' ' || *fmt == '#' || *fmt == '.' || *fmt == '*'; fmt++)
		if (*fmt == '*')
			(void)va_arg(*args, int);
	return fmt;
}

static void
send_text(const char *fmt, va_list *args)
{
	while (*fmt) {
		const char *percent = fmt;
		unsigned longs = 0;

		while (*percent && *percent != '%')
			percent++;
		verdict_strn(fmt, (size_t)(percent - fmt));
		if (!*percent)
			return;
		fmt = skip_layout(percent + 1, args);
		for (; *fmt == 'l' || *fmt == 'z' || *fmt == 'j' ||
		    *fmt == 't' || *fmt == 'h'; fmt++)
			longs += *fmt != 'h';
		if (!convert(*fmt, longs, args)) {
			verdict_str(percent);
			return;
		}
		if (*fmt == 'p' && (fmt[1] == 'S' || fmt[1] == 'E'))
			fmt++;		/* printk's %pS: the number will do */
		fmt++;
	}
}

static void
send_frame(uint64_t address, uint64_t lookup)
{
	uint64_t offset;
	const char *name = symbol_name_slow(lookup, &offset);

	verdict_begin();
	verdict_str("bt: ");
	verdict_hex(address);
	verdict_str(" ");
	verdict_str(name ? name : "?");
	if (name) {
		verdict_str("+");
		verdict_hex(offset + (address - lookup));
	}
	verdict_end();
}

static void
send_frames(uint64_t rbp)
{
	struct stack_bounds bounds = stack_ops->bounds(rbp);
	uint64_t lowest = bounds.lo;

	for (unsigned i = 0; i < RECORD_DEPTH_MAX; i++) {
		if (rbp % 8 || rbp < lowest || rbp >= bounds.hi ||
		    bounds.hi - rbp < 16)
			return;
		const uint64_t *frame = (const uint64_t *)rbp;
		if (!frame[1])
			return;
		send_frame(frame[1], frame[1] - 1);
		lowest = rbp + 1;
		rbp = frame[0];
	}
}

void
panic_record(const struct panic_registers *regs, const char *file,
    unsigned line, const char *fmt, va_list args)
{
	va_list own;

	verdict_begin();
	verdict_str("panic: ");
	va_copy(own, args);
	send_text(fmt, &own);
	va_end(own);
	verdict_end();
	if (file) {
		verdict_begin();
		verdict_str("panic-at: ");
		verdict_str(file);
		verdict_str(":");
		verdict_dec(line);
		verdict_end();
	}
	send_frame(regs->rip, regs->rip);
	send_frames(regs->rbp);
	HOOK_CALL(panic_note, regs);
	verdict_line("panic-end");
}

void
panic_record_again(const char *fmt, va_list args)
{
	va_list own;

	verdict_begin();
	verdict_str("panic-again: ");
	va_copy(own, args);
	send_text(fmt, &own);
	va_end(own);
	verdict_end();
}
