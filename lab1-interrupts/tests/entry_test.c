/* SPDX-License-Identifier: MIT */
/*
 * entry_test.c - exercise 1.2: gates, entries, what comes back.
 */
#include <lab0/ktest.h>

#include <lab0/cpu.h>
#include <lab0/string.h>
#include <lab1/interrupt.h>
#include <lab1/vectors.h>

#include "arrive.h"

enum {
	ROUNDS = 400,
	VECTOR_OURS = VECTOR_FREE_END - 1,
	FLAGS_KEPT = 0x240cd5,
};

/* -- Gates ----------------------------------------------------------------- */

/* A gate points at its entry, with present, type, DPL and IST where they are. */
KTEST(a_gate_has_its_fields, .exercise = "1.2", .weight = 5, .plain = true)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		vaddr_t entry = ktest_random();
		unsigned dpl = ktest_random_below(2) ? 3 : 0;
		unsigned ist = (unsigned)ktest_random_below(8);
		struct gate gate;

		memset(&gate, 0, sizeof(gate));
		gate_fill(&gate, entry, dpl, ist);
		expect_eq(gate.offset_low, entry & 0xffff);
		expect_eq(gate.offset_middle, entry >> 16 & 0xffff);
		expect_eq(gate.offset_high, entry >> 32);
		expect_eq(gate.selector, 8);
		expect_eq(gate.attributes, 0x8e | dpl << 5);
		expect_eq(gate.ist & 7, ist);
	}
}

/* A gate is written whole, whatever was in its place, and nothing else is. */
KTEST(a_gate_leaves_no_rubbish, .exercise = "1.2", .weight = 1)
{
	struct gate gates[3];

	for (unsigned i = 0; i < 8; i++) {
		memset(gates, 0xff, sizeof(gates));
		gate_fill(&gates[1], 0xffffffff80123456, 0, i);
		expect_eq(gates[1].ist, i);
		expect_eq(gates[1].reserved, 0);
		expect_eq(gates[0].reserved, 0xffffffff);
		expect_eq(gates[2].offset_low, 0xffff);
	}
}

/* -- Frames ------------------------------------------------------------------ */

/* Check helpers for what both readings must agree on; see ktest_failed(). */
static void
check_frame(const struct registers *sent, unsigned vector, uint64_t error)
{
	const struct interrupt_frame *f = &caught.frame;

	expect_eq(caught.count, 1);
	expect_eq(f->vector, vector);
	expect_eq(f->error, error);
	expect_eq(f->rip, arrive_rip);
	expect_eq(f->cs, 8);
	expect_eq(f->rsp, arrive_rsp);
	expect_eq(f->ss, 0x10);
	expect_eq(f->rflags & FLAGS_KEPT, sent->rflags & FLAGS_KEPT);
	expect_eq(f->rax, sent->rax);
	expect_eq(f->rbx, sent->rbx);
	expect_eq(f->rcx, sent->rcx);
	expect_eq(f->rdx, sent->rdx);
	expect_eq(f->rsi, sent->rsi);
	expect_eq(f->rdi, sent->rdi);
	expect_eq(f->rbp, sent->rbp);
	expect_eq(f->r8, sent->r8);
	expect_eq(f->r9, sent->r9);
	expect_eq(f->r10, sent->r10);
	expect_eq(f->r11, sent->r11);
	expect_eq(f->r12, sent->r12);
	expect_eq(f->r13, sent->r13);
	expect_eq(f->r14, sent->r14);
	expect_eq(f->r15, sent->r15);
}

static void
check_same(const struct registers *got, const struct registers *want)
{
	expect_eq(got->rax, want->rax);
	expect_eq(got->rbx, want->rbx);
	expect_eq(got->rcx, want->rcx);
	expect_eq(got->rdx, want->rdx);
	expect_eq(got->rsi, want->rsi);
	expect_eq(got->rdi, want->rdi);
	expect_eq(got->rbp, want->rbp);
	expect_eq(got->r8, want->r8);
	expect_eq(got->r9, want->r9);
	expect_eq(got->r10, want->r10);
	expect_eq(got->r11, want->r11);
	expect_eq(got->r12, want->r12);
	expect_eq(got->r13, want->r13);
	expect_eq(got->r14, want->r14);
	expect_eq(got->r15, want->r15);
	expect_eq(got->rflags & FLAGS_KEPT, want->rflags & FLAGS_KEPT);
}

static bool
has_error(unsigned vector)
{
	switch (vector) {
	case VECTOR_DF: case VECTOR_TS: case VECTOR_NP: case VECTOR_SS:
	case VECTOR_GP: case VECTOR_PF: case VECTOR_AC: case VECTOR_CP:
	case VECTOR_VC: case VECTOR_SX:
		return true;
	}
	return false;
}

/* `int n` with known registers: the frame shows them all, and they come back. */
KTEST(an_interrupt_changes_nothing, .exercise = "1.2", .weight = 12,
    .plain = true, .needs = "1.3")
{
	uint64_t flags = irq_save();

	catch_begin(VECTOR_OURS);
	for (unsigned i = 0; i < ROUNDS && !ktest_failed(); i++) {
		struct registers sent = registers_random(), got = sent;

		caught.count = 0;
		arrive_int(&got, VECTOR_OURS, 0);
		check_frame(&sent, VECTOR_OURS, 0);
		if (!ktest_failed())
			check_same(&got, &sent);
	}
	catch_end();
	irq_restore(flags);
}

/* Each of the vectors 32 to 255 tells its own number. */
KTEST(each_vector_tells_its_number, .exercise = "1.2", .weight = 3,
    .plain = true, .needs = "1.3")
{
	uint64_t flags = irq_save();

	for (unsigned v = EXCEPTIONS; v < VECTORS && !ktest_failed(); v++) {
		struct registers sent = registers_random(), got = sent;

		catch_begin(v);
		arrive_int(&got, v, 0);
		catch_end();
		check_frame(&sent, v, 0);
		if (!ktest_failed())
			check_same(&got, &sent);
	}
	irq_restore(flags);
}

static void
note_vector(unsigned vector)
{
	char text[] = "that was vector 00, which has no error code";

	text[16] = (char)('0' + vector / 10);
	text[17] = (char)('0' + vector % 10);
	if (has_error(vector))
		memcpy(&text[30], "an error code", sizeof("an error code"));
	ktest_note(text);
}

/* Each exception, with or without an error code as the CPU has it, makes the
 * same frame, and all comes back. */
KTEST(each_exception_makes_the_same_frame, .exercise = "1.2", .weight = 3,
    .needs = "1.3")
{
	uint64_t flags = irq_save();

	for (unsigned v = 0; v < EXCEPTIONS && !ktest_failed(); v++) {
		struct registers sent = registers_random(), got = sent;
		uint64_t error = has_error(v) ? ktest_random() >> 32 : 0;

		catch_begin(v);
		arrive_made(&got, vector_entries[v], has_error(v), error);
		catch_end();
		check_frame(&sent, v, error);
		if (!ktest_failed())
			check_same(&got, &sent);
		if (ktest_failed())
			note_vector(v);
	}
	irq_restore(flags);
}

/* Wherever the stack stood, RSP is a multiple of 16 at the call, and DF clear. */
KTEST(the_handler_finds_what_the_abi_says, .exercise = "1.2", .weight = 2,
    .needs = "1.3")
{
	static const unsigned vectors[] = { VECTOR_OURS, VECTOR_UD, VECTOR_DB };
	uint64_t flags = irq_save();

	for (unsigned i = 0; i < 3 * 64 && !ktest_failed(); i++) {
		struct registers sent = registers_random(), got;

		sent.rflags |= 0x400;		/* DF */
		got = sent;
		catch_begin(vectors[i % 3]);
		arrive_int(&got, vectors[i % 3], i / 3);
		catch_end();
		if (!ktest_check_eq(KTEST_HERE, "RSP modulo 16 at the call",
		    caught.rbp & 15, 0))
			break;
		if (!ktest_check_eq(KTEST_HERE, "the direction flag in the "
		    "handler", caught.rflags & 0x400, 0))
			break;
		check_same(&got, &sent);
	}
	irq_restore(flags);
}

/* Interrupts are off in a handler, also when they were on before. */
KTEST(a_handler_runs_with_interrupts_off, .exercise = "1.2", .weight = 1,
    .needs = "1.3")
{
	static const unsigned vectors[] = { VECTOR_OURS, VECTOR_BP, VECTOR_DB };
	uint64_t flags = irq_save();

	for (unsigned i = 0; i < 3 && !ktest_failed(); i++) {
		struct registers got = registers_random();

		got.rflags |= RFLAGS_IF;
		catch_begin(vectors[i]);
		arrive_int(&got, vectors[i], 0);
		irq_disable();
		catch_end();
		ktest_check_eq(KTEST_HERE, "IF in the handler",
		    caught.rflags & RFLAGS_IF, 0);
		ktest_check_eq(KTEST_HERE, "IF in the frame",
		    caught.frame.rflags & RFLAGS_IF, RFLAGS_IF);
		ktest_check_eq(KTEST_HERE, "IF afterwards",
		    got.rflags & RFLAGS_IF, RFLAGS_IF);
	}
	irq_restore(flags);
}

/* A backtrace that starts in a handler finds the interrupted RBP and RIP. */
KTEST(a_backtrace_goes_on_through_the_frame, .exercise = "1.2", .weight = 1,
    .needs = "1.3")
{
	static const unsigned vectors[] = { VECTOR_OURS, VECTOR_UD, VECTOR_DB };
	uint64_t flags = irq_save();

	for (unsigned i = 0; i < 3 && !ktest_failed(); i++) {
		struct registers got = registers_random();

		catch_begin(vectors[i]);
		arrive_int(&got, vectors[i], 8 * i);
		catch_end();
		ktest_check(KTEST_HERE, caught.linked, "{RBP, RIP} of the "
		    "interrupted code on the way up from the handler's RBP");
	}
	irq_restore(flags);
}

static struct registers wanted;

static void
change_all(struct interrupt_frame *frame)
{
	memcpy(frame, &wanted, offsetof(struct registers, rflags));
	frame->rflags = wanted.rflags;
	frame->rip += 1;		/* the second of two `ret` */
}

/* A handler changes the frame, and the interrupted code has the new values. */
KTEST(a_changed_frame_comes_back_changed, .exercise = "1.2", .weight = 1,
    .needs = "1.3")
{
	static const unsigned vectors[] = { VECTOR_OURS, VECTOR_UD, VECTOR_DB };
	uint64_t flags = irq_save();

	for (unsigned i = 0; i < 3 && !ktest_failed(); i++) {
		struct registers got = registers_random();

		wanted = registers_random();
		catch_begin(vectors[i]);
		caught.then = change_all;
		arrive_int(&got, vectors[i], 0);
		catch_end();
		check_same(&got, &wanted);
	}
	irq_restore(flags);
}
