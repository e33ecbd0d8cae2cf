/* SPDX-License-Identifier: MIT */
/*
 * panic.c - the end of a kernel that cannot go on.
 *
 * Owns      the panic under way, the option panic=.
 * Offers    panic_at, panic_with, the monitor command panic.
 * Stands on panic_record, printk, backtrace, log, monitor, power.
 * Invariant (1) while a panic is being reported, another one only adds a line
 *           to the verdict and ends the machine; a third one just ends it.
 */
#include <lab0/panic.h>

#include <lab0/backtrace.h>
#include <lab0/console.h>
#include <lab0/cpu.h>
#include <lab0/log.h>
#include <lab0/monitor.h>
#include <lab0/option.h>
#include <lab0/panic_hook.h>
#include <lab0/power.h>
#include <lab0/printk.h>
#include <lab0/string.h>
#include <lab0/verdict.h>

#include "panic_record.h"

OPTION(panic, "monitor|exit|reboot|halt",
    "what follows a panic; default monitor, in a test exit");

enum { PANIC_LOG_LINES = 10, PANIC_TEXT_BYTES = 256 };

/* panic_capture.asm fills it. */
extern struct panic_registers panic_captured;

static unsigned reporting;		/* (1) panics under way */

static void
show_registers(const struct panic_registers *r)
{
	console_printf("rip %016lx  rsp %016lx  rflags %lx\n", r->rip, r->rsp,
	    r->rflags);
	console_printf("rax %016lx  rbx %016lx  rcx %016lx\n", r->rax, r->rbx,
	    r->rcx);
	console_printf("rdx %016lx  rsi %016lx  rdi %016lx\n", r->rdx, r->rsi,
	    r->rdi);
	console_printf("rbp %016lx  r8  %016lx  r9  %016lx\n", r->rbp, r->r8,
	    r->r9);
	console_printf("r10 %016lx  r11 %016lx  r12 %016lx\n", r->r10, r->r11,
	    r->r12);
	console_printf("r13 %016lx  r14 %016lx  r15 %016lx\n", r->r13, r->r14,
	    r->r15);
	console_printf("cr0 %lx  cr2 %lx  cr3 %lx  cr4 %lx  efer %lx\n",
	    read_cr0(), read_cr2(), read_cr3(), read_cr4(), rdmsr(MSR_EFER));
}

static void
show(const struct panic_registers *regs, const char *file, unsigned line,
    const char *text)
{
	console_color(COLOR_BRIGHT_RED, COLOR_BLACK);
	console_printf("\n");
	if (file)
		printk(LOG_EMERG "panic: %s (%s:%u)\n", text, file, line);
	else
		printk(LOG_EMERG "panic: %s\n", text);
	console_color_default();
	show_registers(regs);
	HOOK_CALL(panic_show, regs);
	console_printf("at %pS\n", (void *)regs->rip);
	backtrace_print(regs->rbp);
	console_printf("last log lines:\n");
	log_dump(PANIC_LOG_LINES, console_write);
}

/* What panic= says; without keys to type on, a monitor is of no use. */
static noreturn void
follow(void)
{
	const char *what = option_get("panic");
	bool judged = option_given("test") || option_given("bench");

	if (!what)
		what = judged ? "exit" : "monitor";
	if (strcmp(what, "reboot") == 0)
		machine_reboot();
	if (strcmp(what, "halt") == 0)
		machine_halt();
	if (strcmp(what, "exit") == 0 || !console_has_input())
		verdict_exit(EXIT_PANIC);
	console_printf("the kernel cannot go on; look around\n");
	monitor_main();
}

void
panic_with(const struct panic_registers *regs, const char *file, unsigned line,
    const char *fmt, va_list args)
{
	char text[PANIC_TEXT_BYTES];

	irq_disable();
	if (reporting++) {		/* (1) */
		if (reporting == 2)
			panic_record_again(fmt, args);
		verdict_exit(EXIT_PANIC);
	}
	log_emergency();
	panic_record(regs, file, line, fmt, args);
	vsnprintk(text, sizeof(text), fmt, args);
	show(regs, file, line, text);
	reporting = 0;
	follow();
}

void
panic_at(const char *file, unsigned line, const char *fmt, ...)
{
	va_list args;
	struct panic_registers regs = panic_captured;

	va_start(args, fmt);
	panic_with(&regs, file, line, fmt, args);
}

/* The caller's frame can't be trusted; its return address names it. */
void
__stack_chk_fail(void)
{
	panic("a local array was overrun in the function that returns to %p",
	    __builtin_return_address(0));
}

static int
panic_command(int argc, char **argv)
{
	panic("%s", argc > 1 ? argv[1] : "asked for in the monitor");
}
MONITOR_COMMAND(panic, "[TEXT]", "try the panic screen", panic_command);
