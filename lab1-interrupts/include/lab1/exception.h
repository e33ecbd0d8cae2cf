/* SPDX-License-Identifier: MIT */
/*
 * exception.h - what becomes of an exception, and its report.
 *
 * Order: the handlers of the vector; the exception table (a marked instruction
 * resumes at its fix-up); #BP and #DB resume after a line in the log; all
 * others end in a panic that says what happened, where, and what the CPU was
 * doing.
 *
 * Source    Intel SDM 3A "Exception and Interrupt Reference", "Error Code".
 */
#ifndef LAB1_EXCEPTION_H
#define LAB1_EXCEPTION_H

#include <lab0/types.h>
#include <lab1/vectors.h>

/* "page fault", "#PF"; "reserved" and "" for what has no name. */
const char *exception_name(unsigned vector);
const char *exception_mnemonic(unsigned vector);

/* Whether the CPU pushes an error code for this vector. */
bool exception_has_error(unsigned vector);

/*
 * What a selector error code says (#TS, #NP, #SS, #GP and others); part of
 * exercise 1.3.
 */
enum descriptor_table {
	TABLE_GDT,
	TABLE_IDT,
	TABLE_LDT,
};

struct selector_error {
	bool		external;	/* an event outside the program */
	enum descriptor_table table;
	unsigned	index;		/* slot of the table, 0..8191 */
};

/*
 * Take an error code apart.
 *
 * error     as the CPU pushed it; not 0
 * context   any
 */
struct selector_error selector_error_decode(uint64_t error);

/*
 * Whether exceptions come to exception_handle: the exercises 1.1 to 1.3 are
 * written. Without them one resets the machine.
 */
bool exceptions_arrive(void);

/*
 * An exception from the dispatch; returns if the interrupted code can go on.
 *
 * context   interrupts as the gate left them: off
 */
void exception_handle(struct interrupt_frame *frame);

/*
 * printk for an exception that is survived: it may have come while the
 * interrupted code held any lock, so it counts as an interrupt to the check of
 * the locks' order.
 *
 * returns   as printk
 */
int exception_say(const char *fmt, ...) printf_like(1, 2);

/*
 * Panic with everything that is known of it: one sentence, registers, the
 * code's bytes, backtrace; on the verdict port lines `fact: KEY=VALUE`.
 *
 * context   any, also inside a panic, which it then ends
 */
noreturn void exception_report(const struct interrupt_frame *frame);

/*
 * The exception that a panic's registers are of, for listeners of panic_note
 * and panic_show; NULL: the panic is no exception's.
 */
struct panic_registers;
const struct interrupt_frame *exception_reported(
    const struct panic_registers *regs);

#endif
