/* SPDX-License-Identifier: MIT */
/*
 * panic_hook.h - what upper floors add to the report of a panic.
 *
 * A listener that panics or faults itself ends the machine, with what had been
 * said until then.
 */
#ifndef LAB0_PANIC_HOOK_H
#define LAB0_PANIC_HOOK_H

#include <lab0/hook.h>
#include <lab0/panic.h>

/* Verdict lines for the panic's record, behind the backtrace. Uses no
 * exercise: the functions of verdict.h only. */
HOOK_ATOMIC(panic_note, const struct panic_registers *regs);

/* Lines for the panic's screen, behind the registers, by console_printf. */
HOOK_ATOMIC(panic_show, const struct panic_registers *regs);

#endif
