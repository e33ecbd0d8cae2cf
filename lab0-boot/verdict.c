/* SPDX-License-Identifier: MIT */
/*
 * verdict.c - the line to the grader.
 *
 * Owns      QEMU's debug console port and exit device; without the former,
 *           COM1's transmitter.
 * Offers    verdict_*.
 * Stands on port I/O only: no exercise can break it. Where a line goes to
 *           COM1 it waits until the console's text is out, and keeps
 *           interrupts off, so that no byte comes between its own.
 */
#include <lab0/verdict.h>

#include <lab0/cpu.h>
#include <lab0/io.h>
#include <lab0/power.h>
#include <lab0/serial_line.h>

enum {
	DEBUGCON = 0xe9,	/* reads as 0xe9 when the device is there */
	DEBUG_EXIT = 0xf4,
	COM1_DATA = 0x3f8,
	COM1_LSR = 0x3fd,
	LSR_THRE = 0x20,	/* transmitter can take a byte */
	COM1_SPINS = 100000,	/* more than a byte's time at 9600 baud */
};

static uint64_t line_flags;		/* of the line that is being written */
static char token[8] = { '0', '0', '0', '0', '0', '0', '0', '0' };

static void
com1_put(char c)
{
	for (unsigned i = 0; i < COM1_SPINS; i++) {
		if (inb(COM1_LSR) & LSR_THRE)
			break;
		cpu_pause();
	}
	outb(c, COM1_DATA);
}

static bool
has_debugcon(void)
{
	return inb(DEBUGCON) == DEBUGCON;
}

static void
put(char c)
{
	if (has_debugcon())
		outb(c, DEBUGCON);
	else
		com1_put(c);
}

void
verdict_set_token(const char digits[8])
{
	for (unsigned i = 0; i < sizeof(token); i++)
		token[i] = digits[i];
}

void
verdict_strn(const char *text, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes && text[i]; i++)
		put(text[i] == '\n' ? ' ' : text[i]);
}

void
verdict_str(const char *text)
{
	verdict_strn(text, SIZE_MAX);
}

void
verdict_begin(void)
{
	if (!has_debugcon()) {
		line_flags = irq_save();
		serial_line->drain();
	}
	put('@');
	verdict_strn(token, sizeof(token));
	put(' ');
}

void
verdict_end(void)
{
	put('\n');
	if (!has_debugcon())
		irq_restore(line_flags);
}

static void
put_number(uint64_t value, unsigned base)
{
	char digits[20];
	unsigned n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (n)
		put(digits[--n]);
}

void
verdict_dec(uint64_t value)
{
	put_number(value, 10);
}

void
verdict_hex(uint64_t value)
{
	verdict_str("0x");
	put_number(value, 16);
}

void
verdict_line(const char *text)
{
	verdict_begin();
	verdict_str(text);
	verdict_end();
}

void
verdict_exit(unsigned code)
{
	irq_disable();
	HOOK_CALL(machine_ends);
	outl(code, DEBUG_EXIT);
	/* No such device: a real machine, or a user's own QEMU line. */
	for (;;)
		cpu_halt();
}
