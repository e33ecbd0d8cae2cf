/* SPDX-License-Identifier: MIT */
/*
 * ist_test.c - exercise 1.5: stacks for the vectors that trust none.
 */
#include <lab0/ktest.h>

#include <lab0/cpu.h>
#include <lab0/memory_layout.h>
#include <lab0/string.h>
#include <lab1/gdt.h>
#include <lab1/stacks.h>

#include "arrive.h"

enum { ROUNDS = 200, STACKS = 7 };

/* Four vectors have a stack each; nobody else has one. */
KTEST(four_vectors_have_a_stack, .exercise = "1.5", .weight = 2, .plain = true)
{
	expect_eq(ist_of_vector(8), 1);
	expect_eq(ist_of_vector(2), 2);
	expect_eq(ist_of_vector(18), 3);
	expect_eq(ist_of_vector(1), 4);
	for (unsigned v = 0; v < 300; v++) {
		if (v != 8 && v != 2 && v != 18 && v != 1)
			expect_eq(ist_of_vector(v), 0);
	}
	expect_eq(ist_of_vector(0x108), 0);
	expect_eq(ist_of_vector(~0u), 0);
}

static struct stack_area four[IST_COUNT];
static struct tss filled, unfilled;

static void
fill_four(void)
{
	uint8_t *bytes = (uint8_t *)&unfilled;

	for (unsigned i = 0; i < sizeof(unfilled); i++)
		bytes[i] = (uint8_t)ktest_random();
	filled = unfilled;
	for (unsigned i = 0; i < IST_COUNT; i++) {
		four[i].name = "a stack";
		four[i].hi = ktest_random() & ~15ul;
		four[i].lo = four[i].hi - IST_STACK_BYTES;
	}
	ist_fill(&filled, four);
}

/* The TSS gets the tops of the stacks, IST 1 that of the first. */
KTEST(the_tss_gets_the_tops, .exercise = "1.5", .weight = 2, .plain = true)
{
	fill_four();
	for (unsigned i = 0; i < IST_COUNT; i++)
		expect_eq(filled.ist[i], four[i].hi);
}

/* The entries that no IST number uses become 0, and nothing else changes. */
KTEST(the_rest_of_the_tss_stays, .exercise = "1.5", .weight = 1)
{
	fill_four();
	for (unsigned i = 0; i < 7; i++) {
		if (i >= IST_COUNT)
			expect_eq(filled.ist[i], 0);
		unfilled.ist[i] = filled.ist[i];
	}
	expect_memeq(&filled, &unfilled, sizeof(filled));
}

static struct stack_area some[STACKS];

static void
some_stacks(void)
{
	vaddr_t at = 0xffffffff80000000 + ktest_random_below(64) * PAGE_SIZE;

	for (unsigned i = 0; i < STACKS; i++) {
		at += (2 + ktest_random_below(4)) * PAGE_SIZE;
		some[i].name = "a stack";
		some[i].lo = at;
		at += (1 + ktest_random_below(4)) * PAGE_SIZE;
		some[i].hi = at;
	}
}

/* A fault in a guard page is that stack's overflow. */
KTEST(a_fault_in_a_guard_page_names_the_stack, .exercise = "1.5",
    .weight = 1)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned n = (unsigned)ktest_random_below(STACKS);
		const struct stack_area *stack = &some[n];
		vaddr_t inside;

		some_stacks();
		inside = stack->lo - 1 - ktest_random_below(PAGE_SIZE);
		expect_eq(stack_overflown(some, STACKS, inside, 0), stack);
		expect_eq(stack_overflown(some, STACKS, 0, inside), stack);
		expect_eq(stack_overflown(some, n, inside, inside), NULL);
	}
}

/* The ends of a guard page: its first and last byte, and the stack's first. */
KTEST(the_ends_of_a_guard_page, .exercise = "1.5", .weight = 1)
{
	const struct stack_area one = {
		.name = "a stack", .lo = 0xffffffff80240000,
		.hi = 0xffffffff80244000,
	};
	const uint64_t lo = one.lo, far = 0x1000;

	expect_eq(stack_overflown(&one, 1, lo - 1, far), &one);
	expect_eq(stack_overflown(&one, 1, lo - 4096, far), &one);
	expect_eq(stack_overflown(&one, 1, lo - 4097, far), NULL);
	expect_eq(stack_overflown(&one, 1, lo, far), NULL);
	expect_eq(stack_overflown(&one, 1, far, lo - 1), &one);
	expect_eq(stack_overflown(&one, 1, far, lo - 4096), &one);
	expect_eq(stack_overflown(&one, 1, far, lo - 4097), NULL);
	expect_eq(stack_overflown(&one, 1, far, lo), &one);
	expect_eq(stack_overflown(&one, 1, far, lo + 1), NULL);
	expect_eq(stack_overflown(&one, 1, far, lo + 8), NULL);
	expect_eq(stack_overflown(&one, 1, one.hi - 8, one.hi - 8), NULL);
	expect_eq(stack_overflown(&one, 0, lo - 1, lo - 1), NULL);
}

/* The faulting address decides; the stack pointer only where it says nothing. */
KTEST(the_address_comes_before_the_stack_pointer, .exercise = "1.5",
    .weight = 1)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned a = (unsigned)ktest_random_below(STACKS);
		unsigned b = (unsigned)ktest_random_below(STACKS);

		some_stacks();
		expect_eq(stack_overflown(some, STACKS, some[a].lo - 8,
		    some[b].lo - 8), &some[a]);
		expect_eq(stack_overflown(some, STACKS, some[a].hi - 8,
		    some[b].lo - 8), &some[b]);
	}
}

/* Each of the four arrives at the top of its own stack. */
KTEST(the_four_arrive_on_their_stacks, .exercise = "1.5", .weight = 2)
{
	static const struct { unsigned vector, ist; } arrivals[] = {
		{ VECTOR_DF, 1 }, { VECTOR_NMI, 2 },
		{ VECTOR_MC, 3 }, { VECTOR_DB, 4 },
	};
	uint64_t flags = irq_save();

	for (unsigned i = 0; i < 4 && !ktest_failed(); i++) {
		struct registers got = registers_random();
		unsigned vector = arrivals[i].vector;

		/* `int 8` pushes no error code: another one's entry */
		struct gate before = *arrive_gate(vector);
		if (vector == VECTOR_DF)
			arrive_gate_set(vector, vector_entries[VECTOR_MC],
			    before.ist & 7, 0);
		catch_begin(vector == VECTOR_DF ? VECTOR_MC : vector);
		arrive_int(&got, vector, 0);
		catch_end();
		*arrive_gate(vector) = before;
		ktest_check_eq(KTEST_HERE, "end of the frame", caught.frame_at
		    + sizeof(caught.frame), kernel_stacks[arrivals[i].ist - 1].hi);
	}
	irq_restore(flags);
}
