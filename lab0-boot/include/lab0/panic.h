/* SPDX-License-Identifier: MIT */
/*
 * panic.h - the end of a kernel that cannot go on, and assertions.
 *
 * A panic is a sentence with values: panic("page_free: pfn %lu is already
 * free", pfn). It goes to the verdict port first, by code that uses no
 * exercise, then with registers, backtrace and the last log lines to the
 * consoles; then the option `panic=` decides. A panic inside a panic ends the
 * machine with what it knows.
 */
#ifndef LAB0_PANIC_H
#define LAB0_PANIC_H

#include <lab0/types.h>

/* Registers at a panic; panic_capture.asm knows this layout. */
struct panic_registers {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags;
};
static_assert(sizeof(struct panic_registers) == 144,
    "panic_capture.asm stores 18 registers");

/*
 * Stop the kernel for good.
 *
 * fmt       as printk; a sentence without a newline
 * context   any
 */
#define panic(...) \
	(panic_capture(), panic_at(__FILE__, __LINE__, __VA_ARGS__))

/* An own promise: checked in every build. */
#define assert(cond) \
	((cond) ? (void)0 : panic("assertion failed: %s", #cond))

/* The same for checks that are too dear for a release build. */
#define assert_debug(cond) \
	((!DEBUG || (cond)) ? (void)0 : panic("assertion failed: %s", #cond))

/* Keep the registers as they are here; changes none. */
void panic_capture(void);

/* What panic() calls. */
noreturn void panic_at(const char *file, unsigned line, const char *fmt, ...)
    printf_like(3, 4);

/*
 * A panic with registers from elsewhere: an exception's.
 *
 * regs      the frame to report and to walk from
 * file      may be NULL (then `line` says nothing)
 */
noreturn void panic_with(const struct panic_registers *regs, const char *file,
    unsigned line, const char *fmt, va_list args) printf_like(4, 0);

/* The compiler calls it where a function's stack canary has changed. */
noreturn void __stack_chk_fail(void);

#endif
