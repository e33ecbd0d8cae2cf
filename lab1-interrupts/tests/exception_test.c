/* SPDX-License-Identifier: MIT */
/*
 * exception_test.c - who gets an exception first; those that resume.
 *
 * Judges provided code; stands on exercises 1.1 to 1.3 and 1.9.
 */
#include <lab1/exception.h>

#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/ktest.h>
#include <lab0/log.h>
#include <lab0/memory_access.h>
#include <lab0/memory_layout.h>
#include <lab0/string.h>
#include <lab1/interrupt.h>
#include <lab1/lapic.h>
#include <lab1/safe_access.h>

enum {
	NMIS = 50,
	LOOKS_MAX = 1000,
	ICR_DESTINATION = 24,		/* xAPIC: first bit in the high half */
};

#define UNMAPPED 0xffffc00000123450ul

static struct log_record record;
static unsigned calls[2];
static bool claims[2];

static bool
claim(struct interrupt_frame *frame, void *context)
{
	size_t which = (size_t)context;

	(void)frame;
	calls[which]++;
	return claims[which];
}

static struct interrupt_handler handlers[2] = {
	{ .fn = claim, .context = (void *)0, .name = "exception_test 0" },
	{ .fn = claim, .context = (void *)1, .name = "exception_test 1" },
};

static void
forget(void)
{
	memset(calls, 0, sizeof(calls));
	memset(claims, 0, sizeof(claims));
}

/* Whether the log has a line with this text since the cursor. */
static bool
logged(struct log_cursor *cursor, const char *text)
{
	while (log_read(cursor, &record))
		if (strstr(record.text, text))
			return true;
	return false;
}

/* The handlers of a vector are asked in turn until one takes the exception;
 * then nobody else hears of it, and no line appears. */
KTEST(the_first_handler_that_wants_it_gets_it)
{
	struct log_cursor cursor = log_end();

	expect_eq(interrupt_add(VECTOR_BP, &handlers[0]), 0);
	expect_eq(interrupt_add(VECTOR_BP, &handlers[1]), 0);
	forget();
	claims[0] = claims[1] = true;
	__asm__ volatile("int3");
	claims[0] = false;
	__asm__ volatile("int3");
	bool quiet = !logged(&cursor, "breakpoint at");
	claims[1] = false;
	__asm__ volatile("int3");
	interrupt_remove(VECTOR_BP, &handlers[0]);
	interrupt_remove(VECTOR_BP, &handlers[1]);
	expect_eq(calls[0], 3);
	expect_eq(calls[1], 2);
	expect(quiet);
	expect(logged(&cursor, "breakpoint at"));
}

/* An expected fault goes to the table only when no handler wants it; then it
 * is not logged, and the count of the vector says one. */
KTEST(handlers_come_before_the_exception_table)
{
	uint64_t before = interrupt_taken(VECTOR_PF), value = 7;
	struct log_cursor cursor = log_end();
	int err;

	expect_eq(interrupt_add(VECTOR_PF, &handlers[0]), 0);
	forget();
	err = safe_read64(UNMAPPED, &value);
	interrupt_remove(VECTOR_PF, &handlers[0]);
	expect_eq(err, -EFAULT);
	expect_eq(calls[0], 1);
	expect_eq(value, 7);
	expect_eq(interrupt_taken(VECTOR_PF), before + 1);
	expect(!log_read(&cursor, &record));
}

/* After a breakpoint and after single steps all registers are as they were. */
KTEST(breakpoints_change_no_register)
{
	uint64_t a = ktest_random(), b = ktest_random(), c = ktest_random();
	uint64_t a_after, b_after, c_after, flags;

	__asm__ volatile("int3; stc; pushfq; orq $0x100, (%%rsp); popfq; "
	    "nop; nop; int3; pushfq; popq %3"
	    : "=a"(a_after), "=b"(b_after), "=c"(c_after), "=r"(flags)
	    : "0"(a), "1"(b), "2"(c) : "cc", "memory");
	expect_eq(a_after, a);
	expect_eq(b_after, b);
	expect_eq(c_after, c);
	expect_eq(flags & 0x101, 1);	/* carry kept, no more steps */
}

/* NMIs arrive with interrupts off, each one, and nothing panics. */
KTEST(nmis_arrive_with_interrupts_off)
{
	uint64_t before = interrupt_taken(VECTOR_NMI), flags;
	unsigned arrived = 0;

	if (!lapic_present())
		return;
	flags = irq_save();
	for (unsigned i = 0; i < NMIS; i++) {
		lapic_write(LAPIC_ICR_HIGH, lapic_id() << ICR_DESTINATION);
		lapic_write(LAPIC_ICR_LOW, LAPIC_NMI | LAPIC_ASSERT);
		for (unsigned look = 0; look < LOOKS_MAX; look++) {
			if (interrupt_taken(VECTOR_NMI) == before + i + 1)
				break;
			cpu_pause();
		}
		arrived += interrupt_taken(VECTOR_NMI) == before + i + 1;
	}
	bool off = !irq_enabled();
	irq_restore(flags);
	expect_eq(arrived, NMIS);
	expect(off);
}

/* The monitor's way to memory is the one that tries. */
KTEST(memory_is_looked_at_by_trying)
{
	static uint32_t word = 0x11223344;
	uint32_t seen = 0;

	expect_streq(memory_access_owner, "access_by_trying");
	expect_eq(memory_access->read(&seen, (vaddr_t)&word, 4), 0);
	expect_eq(seen, 0x11223344);
	expect_eq(memory_access->read(&seen, UNMAPPED, 4), 4);
	for (size_t size = 1; size <= 8; size *= 2)
		expect_eq(memory_access->write(UNMAPPED, 1, size), -EFAULT);
	expect_eq(memory_access->write((vaddr_t)&word, 0xbeef, 2), 0);
	expect_eq(word, 0x1122beef);
	expect_eq(memory_access->write((vaddr_t)kernel_rodata, 0, 8), -EFAULT);
}
