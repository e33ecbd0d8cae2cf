/* SPDX-License-Identifier: MIT */
/*
 * exception.c - what becomes of an exception.
 *
 * Owns      the exception table, once it is sorted.
 * Offers    exception_handle, exception_say, exceptions_arrive; memory_access
 *           by trying.
 * Stands on interrupt_slots, exercise 1.9, exception_report.
 * Invariant (1) the table is not asked for a fault of its own search.
 * Source    Intel SDM 3B "Debug Registers", "Debug Exceptions".
 */
#include <lab1/exception.h>

#include <lab0/errno.h>
#include <lab0/init.h>
#include <lab0/memory_access.h>
#include <lab0/percpu.h>
#include <lab0/printk.h>
#include <lab0/todo.h>
#include <lab1/exception_table.h>
#include <lab1/interrupt.h>
#include <lab1/safe_access.h>

#define DR6_B		0xful		/* breakpoint registers 0..3 */
#define DR6_BS		(1ul << 14)	/* single step */
#define RFLAGS_TF	(1ul << 8)	/* a trap after each instruction */
#define RFLAGS_RF	(1ul << 16)	/* no breakpoint at the next one */

extern struct exception_entry __start_exception_table[] __attribute__((weak));
extern struct exception_entry __stop_exception_table[] __attribute__((weak));

static size_t fixups;		/* in the table; 0 until it is sorted */
static PERCPU(bool, searching);	/* (1) */

bool
exceptions_arrive(void)
{
	return exercise_written("1.1") && exercise_written("1.2") &&
	    exercise_written("1.3");
}

/* -- #BP and #DB: said, and gone on --------------------------------------- */

int
exception_say(const char *fmt, ...)
{
	va_list args;
	int length;

	percpu_self()->irq_depth++;
	va_start(args, fmt);
	length = vprintk(fmt, args);
	va_end(args);
	percpu_self()->irq_depth--;
	return length;
}

static void
breakpoint(const struct interrupt_frame *frame)
{
	void *at = (void *)(frame->rip - 1);	/* int3 has one byte */

	exception_say(LOG_NOTICE "breakpoint at %p %pS\n", at, at);
}

static void
debug_exception(struct interrupt_frame *frame)
{
	uint64_t dr6;

	__asm__ volatile("mov %%dr6, %0" : "=r"(dr6));
	exception_say(LOG_NOTICE "debug exception (%s) at %p %pS\n",
	    dr6 & DR6_BS ? "single step" :
	    dr6 & DR6_B ? "breakpoint register" : "int1",
	    (void *)frame->rip, (void *)frame->rip);
	/* The CPU only ever sets these bits. */
	__asm__ volatile("mov %0, %%dr6" : : "r"(dr6 & ~(DR6_B | DR6_BS)));
	frame->rflags &= ~RFLAGS_TF;
	if (dr6 & DR6_B)
		frame->rflags |= RFLAGS_RF;
}

/* -- The order ------------------------------------------------------------ */

static bool
handled(struct interrupt_frame *frame)
{
	/* One that removes itself still points at the next one. */
	for (struct interrupt_handler *handler =
	    interrupt_slots[frame->vector].first; handler;
	    handler = handler->next)
		if (handler->fn(frame, handler->context))
			return true;
	return false;
}

static bool
fixed_up(struct interrupt_frame *frame)
{
	bool *busy = percpu_ptr(searching);
	bool fixed;

	if (!fixups || *busy)
		return false;
	*busy = true;
	fixed = exception_table_fixup(frame, __start_exception_table, fixups);
	*busy = false;
	return fixed;
}

void
exception_handle(struct interrupt_frame *frame)
{
	if (handled(frame) || fixed_up(frame))
		return;
	if (frame->vector == VECTOR_BP)
		breakpoint(frame);
	else if (frame->vector == VECTOR_DB)
		debug_exception(frame);
	else
		exception_report(frame);
}

/* -- Memory that may not be there ----------------------------------------- */

static size_t
try_read(void *out, vaddr_t address, size_t len_bytes)
{
	return safe_copy(out, (const void *)address, len_bytes);
}

static int
try_write(vaddr_t address, uint64_t value, size_t len_bytes)
{
	switch (len_bytes) {
	case 1:
		return safe_write8(address, (uint8_t)value);
	case 2:
		return safe_write16(address, (uint16_t)value);
	case 4:
		return safe_write32(address, (uint32_t)value);
	default:
		return safe_write64(address, value);
	}
}

static const struct memory_access access_by_trying = {
	.read = try_read,
	.write = try_write,
};

static int
exception_table_init(void)
{
	size_t count = (size_t)(__stop_exception_table -
	    __start_exception_table);

	exception_table_sort(__start_exception_table, count);
	fixups = count;
	if (exceptions_arrive())
		SINGLETON_REPLACE(memory_access, access_by_trying);
	return 0;
}
INIT_EX(exception_table_init, "1.9");
