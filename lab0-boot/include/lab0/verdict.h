/* SPDX-License-Identifier: MIT */
/*
 * verdict.h - the line to the grader: QEMU's debug console and exit device.
 *
 * Test results, stub and panic records leave by this code, which has its own
 * small formatter and calls no exercise, so that a broken UART or printk
 * cannot corrupt them. Without a debug console the lines go to COM1, written
 * with bounded waits.
 *
 * A line is verdict_begin(), any number of verdict_str/dec/hex, verdict_end().
 * context   any, one CPU at a time; never sleeps
 * source    QEMU documentation: isa-debugcon, isa-debug-exit
 */
#ifndef LAB0_VERDICT_H
#define LAB0_VERDICT_H

#include <lab0/types.h>

/* What a run ends with; QEMU's exit status is code * 2 + 1. */
enum verdict_exit {
	EXIT_OK = 0x10,		/* did what the command line asked */
	EXIT_FAIL = 0x11,	/* tests ran, and some failed */
	EXIT_PANIC = 0x12,
	EXIT_TODO = 0x13,	/* an exercise's stub was reached */
	EXIT_LOADER = 0x14,	/* the boot loader gave up, with a message */
};

void verdict_begin(void);
void verdict_str(const char *text);
void verdict_strn(const char *text, size_t len_bytes);
void verdict_dec(uint64_t value);
void verdict_hex(uint64_t value);
void verdict_end(void);

/* A whole line of one text. */
void verdict_line(const char *text);

/*
 * End the run. Where there is no exit device the CPU halts for good, after a
 * line that says so.
 *
 * code      enum verdict_exit
 */
noreturn void verdict_exit(unsigned code);

/* Token that starts each line: eight hexadecimal digits, from fw_cfg. */
void verdict_set_token(const char token[8]);

#endif
