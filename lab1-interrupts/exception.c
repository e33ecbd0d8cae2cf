/* SPDX-License-Identifier: MIT */
/*
 * exception.c - what becomes of an exception.
 *
 * Offers    exception_handle, exception_report, exception_name.
 * Stands on interrupt_slots, panic_with.
 */
#include <lab1/exception.h>

#include <lab0/cpu.h>
#include <lab0/panic.h>
#include <lab0/printk.h>
#include <lab1/interrupt.h>

const char *
exception_name(unsigned vector)
{
	(void)vector;
	return "exception";
}

static noreturn void printf_like(2, 3)
report(const struct panic_registers *regs, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	panic_with(regs, NULL, 0, fmt, args);
}

void
exception_report(const struct interrupt_frame *f)
{
	struct panic_registers regs = {
		.rax = f->rax, .rbx = f->rbx, .rcx = f->rcx, .rdx = f->rdx,
		.rsi = f->rsi, .rdi = f->rdi, .rbp = f->rbp, .rsp = f->rsp,
		.r8 = f->r8, .r9 = f->r9, .r10 = f->r10, .r11 = f->r11,
		.r12 = f->r12, .r13 = f->r13, .r14 = f->r14, .r15 = f->r15,
		.rip = f->rip, .rflags = f->rflags,
	};

	report(&regs, "exception %lu, error code 0x%lx, cr2 0x%lx", f->vector,
	    f->error, read_cr2());
}

void
exception_handle(struct interrupt_frame *frame)
{
	const struct interrupt_slot *slot = &interrupt_slots[frame->vector];

	for (struct interrupt_handler *handler = slot->first, *next; handler;
	    handler = next) {
		next = handler->next;
		if (handler->fn(frame, handler->context))
			return;
	}
	if (frame->vector == VECTOR_BP || frame->vector == VECTOR_DB)
		return;
	exception_report(frame);
}
