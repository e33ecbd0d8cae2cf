/* SPDX-License-Identifier: MIT */
/*
 * report.c - what the loader says, on the screen and on COM1.
 *
 * Owns      the line that is being made.
 * Offers    report_text, report_hex, report_dec, report_end, report_fail.
 * Stands on INT 10h for the screen (without a VGA BIOS the calls do nothing);
 *           COM1 as the boot sector has set it.
 * Source    Interrupt list (Ralf Brown) INT 10h AH=03h, AH=13h.
 */
#include "report.h"

#include "port.h"
#include "string.h"

enum {
	COM1 = 0x3f8,
	COM1_LINE_STATUS = COM1 + 5,
	LSR_THR_EMPTY = 1 << 5,
	COM1_PATIENCE = 1 << 16,		/* looks, then send anyway */

	VERDICT_PORT = 0xe9,			/* QEMU's isa-debugcon */
	LINE_BYTES = 160,
};

static char line[LINE_BYTES];
static unsigned line_length;

static void
put(char c)
{
	if (line_length < LINE_BYTES - 2)	/* room for CR LF */
		line[line_length++] = c;
}

void
report_text(const char *text)
{
	while (*text != '\0')
		put(*text++);
}

void
report_hex(uint64_t value)
{
	unsigned shift = 60;

	while (shift > 0 && value >> shift == 0)
		shift -= 4;
	report_text("0x");
	for (;; shift -= 4) {
		put("0123456789abcdef"[value >> shift & 15]);
		if (shift == 0)
			return;
	}
}

void
report_dec(uint32_t value)
{
	if (value >= 10)
		report_dec(value / 10);
	put('0' + value % 10);
}

static void
serial_put(char c)
{
	for (unsigned i = 0; i < COM1_PATIENCE; i++) {
		if (inb(COM1_LINE_STATUS) & LSR_THR_EMPTY)
			break;
	}
	outb(COM1, c);
}

static void
screen_show(void)
{
	struct bios_regs regs = { .eax = 0x0300 };

	bios_call(0x10, &regs);			/* dx = where the cursor is */
	regs.eax = 0x1301;			/* text, moving the cursor */
	regs.ebx = 0x0007;
	regs.ecx = line_length;
	regs.ebp = (uint32_t)line;
	bios_call(0x10, &regs);
}

void
report_end(void)
{
	line[line_length++] = '\r';
	line[line_length++] = '\n';
	for (unsigned i = 0; i < line_length; i++)
		serial_put(line[i]);
	screen_show();
	line_length = 0;
}

void
report_failure(const char *step)
{
	line_length = 0;
	report_text("loader: ");
	report_text(step);
	report_text(": ");
}

/* The verdict port first: what follows needs more of the machine. */
static void
verdict_send(void)
{
	for (const char *c = "@00000000 "; *c != '\0'; c++)
		outb(VERDICT_PORT, *c);
	for (unsigned i = 0; i < line_length; i++)
		outb(VERDICT_PORT, line[i]);
	outb(VERDICT_PORT, '\n');
}

void
report_stop(enum run_end why)
{
	verdict_send();
	report_end();
	run_end(why);
}

void
report_fail(const char *step, const char *reason)
{
	report_failure(step);
	report_text(reason);
	report_stop(RUN_LOADER);
}
