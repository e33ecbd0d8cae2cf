/* SPDX-License-Identifier: MIT */
/*
 * panic_record.h - a panic on the verdict port (private to panic.c).
 */
#ifndef PANIC_RECORD_H
#define PANIC_RECORD_H

#include <lab0/panic.h>

/*
 * Send the record of a panic: reason, place, backtrace and what the hook
 * panic_note adds. Uses no exercise: its own formatter, frame walker and symbol
 * search. Of printf's conversions it knows %s %c %d %i %u %x %X %p %% with any
 * width and length; another one is sent as it stands and ends the formatting.
 *
 * file      or NULL
 */
void panic_record(const struct panic_registers *regs, const char *file,
    unsigned line, const char *fmt, va_list args) printf_like(4, 0);

/* One line for a panic inside a panic. */
void panic_record_again(const char *fmt, va_list args) printf_like(1, 0);

#endif
