/* SPDX-License-Identifier: MIT */
/*
 * dispatch_test.c - exercise 1.3: which handler, how often, in which order.
 *
 * Interrupts are delivered by a call, with a frame of the test's.
 */
#include <lab0/ktest.h>

#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/percpu.h>
#include <lab0/string.h>
#include <lab1/exception.h>
#include <lab1/interrupt.h>

#include "arrive.h"

enum {
	VECTOR_OURS = VECTOR_FREE_END - 3,
	VECTOR_INNER = VECTOR_FREE_END - 4,
	EVENTS_MAX = 32,
};

/* What happened, in order: a letter each. */
static char events[EVENTS_MAX + 1];
static unsigned nevents;

static void
event(char letter)
{
	if (nevents < EVENTS_MAX)
		events[nevents++] = letter;
	events[nevents] = 0;
}

static void
forget(void)
{
	nevents = 0;
	events[0] = 0;
}

/* -- The pieces ------------------------------------------------------------- */

struct piece {
	struct interrupt_handler handler;
	char		letter;
	bool		wants;
	uint32_t	irq_depth;	/* seen */
	struct interrupt_frame *frame;	/* seen */
	void		(*then)(void);
};

static bool
piece_run(struct interrupt_frame *frame, void *context)
{
	struct piece *piece = context;

	event(piece->letter);
	piece->irq_depth = percpu_self()->irq_depth;
	piece->frame = frame;
	if (piece->then)
		piece->then();
	return piece->wants;
}

static struct piece
piece(char letter, bool wants)
{
	return (struct piece){
		.handler = { .fn = piece_run, .name = "test" },
		.letter = letter, .wants = wants,
	};
}

static bool is_spurious;
static unsigned source_vector;

static bool
source_spurious(unsigned vector)
{
	source_vector = vector;
	event('s');
	return is_spurious;
}

static void
source_acknowledge(unsigned vector)
{
	source_vector = vector;
	event('E');
}

static const struct irq_source source = {
	.spurious = source_spurious, .acknowledge = source_acknowledge,
};
static const struct irq_source never_spurious = {
	.acknowledge = source_acknowledge,
};

static bool listening;
static uint32_t depth_at_leave;

static void
leaving(struct interrupt_frame *frame)
{
	(void)frame;
	if (!listening)
		return;
	depth_at_leave = percpu_self()->irq_depth;
	event('L');
}
HOOK_ADD(interrupt_leave, leaving);

static void
deliver(unsigned vector)
{
	struct interrupt_frame frame = {
		.vector = vector, .rip = (vaddr_t)deliver, .cs = 8,
		.ss = 0x10, .rflags = 2,
		.rsp = (vaddr_t)__builtin_frame_address(0),
		.rbp = (vaddr_t)__builtin_frame_address(0),
	};

	interrupt_dispatch(&frame);
}

/* Put pieces on an empty slot with this source, deliver, and take them off. */
static void
play(struct piece **pieces, unsigned n, const struct irq_source *from)
{
	uint64_t flags = irq_save();
	struct interrupt_slot before = interrupt_slots[VECTOR_OURS];

	interrupt_slots[VECTOR_OURS] = (struct interrupt_slot){
		.source = from,
	};
	for (unsigned i = 0; i < n; i++) {
		pieces[i]->handler.context = pieces[i];
		if (interrupt_add(VECTOR_OURS, &pieces[i]->handler))
			ktest_check(KTEST_HERE, false, "interrupt_add works");
	}
	forget();
	listening = true;
	deliver(VECTOR_OURS);
	listening = false;
	for (unsigned i = 0; i < n; i++)
		(void)interrupt_remove(VECTOR_OURS, &pieces[i]->handler);
	interrupt_slots[VECTOR_OURS] = before;
	irq_restore(flags);
}

/* -- Interrupts --------------------------------------------------------------- */

/* A handler runs, once, with its context and the frame, and then comes the EOI. */
KTEST(a_handler_runs_and_is_acknowledged, .exercise = "1.3", .weight = 4,
    .plain = true)
{
	struct piece a = piece('a', true);
	uint64_t taken = interrupt_counts()->taken[VECTOR_OURS];
	uint64_t unexpected = interrupt_counts()->unexpected;

	play((struct piece *[]){ &a }, 1, &never_spurious);
	expect_streq(events, "aEL");
	expect_eq(source_vector, VECTOR_OURS);
	expect(a.frame != NULL);
	expect_eq(interrupt_counts()->taken[VECTOR_OURS], taken + 1);
	expect_eq(interrupt_counts()->unexpected, unexpected);
}

/* `int n` of the CPU comes to the handler of its vector. */
KTEST(an_int_instruction_comes_to_its_handler, .exercise = "1.3",
    .weight = 3, .plain = true)
{
	uint64_t flags = irq_save();
	struct registers got = registers_random();
	uint64_t taken = interrupt_taken(VECTOR_OURS);

	catch_begin(VECTOR_OURS);
	arrive_int(&got, VECTOR_OURS, 0);
	catch_end();
	irq_restore(flags);
	expect_eq(caught.count, 1);
	expect_eq(caught.frame.vector, VECTOR_OURS);
	expect_eq(interrupt_taken(VECTOR_OURS), taken + 1);
}

/* All handlers of a shared vector run, in the order they were added, and one
 * that wants it is enough. */
KTEST(all_handlers_run_in_order, .exercise = "1.3", .weight = 2)
{
	for (unsigned who = 0; who < 4; who++) {
		struct piece p[4];
		uint64_t unexpected = interrupt_counts()->unexpected;

		for (unsigned i = 0; i < 4; i++)
			p[i] = piece((char)('a' + i), i == who);
		play((struct piece *[]){ &p[0], &p[1], &p[2], &p[3] }, 4,
		    &source);
		expect_streq(events, "sabcdEL");
		expect_eq(interrupt_counts()->unexpected, unexpected);
	}
}

/* An interrupt that nobody wants is counted as unexpected, and acknowledged. */
KTEST(what_nobody_wants_is_unexpected, .exercise = "1.3", .weight = 1)
{
	struct piece a = piece('a', false), b = piece('b', false);
	uint64_t unexpected = interrupt_counts()->unexpected;

	play((struct piece *[]){ &a, &b }, 2, &source);
	expect_streq(events, "sabEL");
	expect_eq(interrupt_counts()->unexpected, unexpected + 1);
	play(NULL, 0, &source);
	expect_streq(events, "sEL");
	expect_eq(interrupt_counts()->unexpected, unexpected + 2);
	play(NULL, 0, NULL);
	expect_streq(events, "L");
	expect_eq(interrupt_counts()->unexpected, unexpected + 3);
}

/* A spurious interrupt is counted: no handler runs, and there is no EOI. */
KTEST(a_spurious_one_is_only_counted, .exercise = "1.3", .weight = 1)
{
	struct piece a = piece('a', true);
	struct interrupt_counts before = *interrupt_counts();
	uint32_t depth_afterwards;

	is_spurious = true;
	play((struct piece *[]){ &a }, 1, &source);
	is_spurious = false;
	depth_afterwards = percpu_self()->irq_depth;
	percpu_self()->irq_depth = 0;
	expect_eq(events[0], 's');
	expect(!memchr(events, 'a', nevents));
	expect(!memchr(events, 'E', nevents));
	expect_eq(interrupt_counts()->spurious, before.spurious + 1);
	expect_eq(interrupt_counts()->unexpected, before.unexpected);
	expect_eq(interrupt_counts()->taken[VECTOR_OURS],
	    before.taken[VECTOR_OURS] + 1);
	expect_eq(depth_afterwards, 0);
}

static struct piece inner;

static void
nest(void)
{
	deliver(VECTOR_INNER);
	event('n');
}

/* irq_depth counts interrupts in interrupts; the hook is called once, outside. */
KTEST(nested_interrupts_are_counted, .exercise = "1.3", .weight = 1)
{
	struct piece outer = piece('a', true);
	uint64_t flags = irq_save();

	inner = piece('i', true);
	inner.handler.context = &inner;
	outer.then = nest;
	depth_at_leave = 99;
	expect_eq(interrupt_add(VECTOR_INNER, &inner.handler), 0);
	play((struct piece *[]){ &outer }, 1, &source);
	expect_eq(interrupt_remove(VECTOR_INNER, &inner.handler), 0);
	irq_restore(flags);
	expect_streq(events, "sainEL");
	expect_eq(outer.irq_depth, 1);
	expect_eq(inner.irq_depth, 2);
	expect_eq(depth_at_leave, 0);
	expect_eq(percpu_self()->irq_depth, 0);
}

static struct piece leaver;

static void
remove_leaver(void)
{
	(void)interrupt_remove(VECTOR_OURS, &leaver.handler);
}

/* A handler may take itself away; those behind it still run. */
KTEST(a_handler_may_take_itself_away, .exercise = "1.3", .weight = 1)
{
	struct piece after = piece('b', true);

	leaver = piece('a', true);
	leaver.then = remove_leaver;
	play((struct piece *[]){ &leaver, &after }, 2, &source);
	expect_streq(events, "sabEL");
}

/* A handler that another one has just taken away does not run any more. */
KTEST(a_handler_may_take_its_neighbour_away, .exercise = "1.3", .weight = 1)
{
	struct piece first = piece('a', true), last = piece('c', true);

	leaver = piece('b', true);
	first.then = remove_leaver;
	play((struct piece *[]){ &first, &leaver, &last }, 3, &source);
	expect_streq(events, "sacEL");
}

/* -- Exceptions ----------------------------------------------------------------- */

/* An exception goes to exception_handle and nowhere else: it is no interrupt. */
KTEST(an_exception_is_no_interrupt, .exercise = "1.3", .weight = 1)
{
	uint64_t flags = irq_save();
	uint64_t taken = interrupt_counts()->taken[VECTOR_UD];

	catch_begin(VECTOR_UD);
	interrupt_slots[VECTOR_UD].source = &source;
	forget();
	listening = true;
	deliver(VECTOR_UD);
	listening = false;
	catch_end();
	irq_restore(flags);
	expect_eq(caught.count, 1);
	expect_eq(caught.irq_depth, 0);
	expect_streq(events, "");
	expect_eq(interrupt_counts()->taken[VECTOR_UD], taken + 1);
}

/* A selector error code says which table, which slot, and whether from outside. */
KTEST(a_selector_error_is_taken_apart, .exercise = "1.3", .weight = 2)
{
	for (unsigned code = 1; code < 0x10000; code++) {
		struct selector_error error = selector_error_decode(code);
		enum descriptor_table table = code & 2 ? TABLE_IDT
		    : code & 4 ? TABLE_LDT : TABLE_GDT;

		expect_eq(error.external, code & 1);
		expect_eq(error.table, table);
		expect_eq(error.index, code >> 3);
	}
}

/* -- Provided: the table of handlers, no marks ------------------------------------ */

/* Wrong vectors and handlers are refused; one handler is added once only. */
KTEST(handlers_are_added_once)
{
	struct piece a = piece('a', true);
	struct interrupt_handler none = { .name = "none" };

	expect_eq(interrupt_add(256, &a.handler), -EINVAL);
	expect_eq(interrupt_add(VECTOR_OURS, &none), -EINVAL);
	expect_eq(interrupt_add(VECTOR_OURS, &a.handler), 0);
	expect_eq(interrupt_add(VECTOR_OURS, &a.handler), -EBUSY);
	expect_eq(interrupt_add(VECTOR_INNER, &a.handler), -EBUSY);
	expect_eq(interrupt_remove(VECTOR_INNER, &a.handler), -ENOENT);
	expect_eq(interrupt_remove(VECTOR_OURS, &a.handler), 0);
	expect_eq(interrupt_remove(VECTOR_OURS, &a.handler), -ENOENT);
	expect_eq(interrupt_remove(256, &a.handler), -ENOENT);
}

/* Vectors are given away until there are none, and come back. */
KTEST(vectors_are_given_once)
{
	static bool given[VECTORS];
	unsigned n = 0;
	int vector;

	memset(given, 0, sizeof(given));
	while ((vector = vector_alloc()) >= 0) {
		expect(vector >= VECTOR_FREE && vector < VECTOR_FREE_END);
		expect(!given[vector]);
		given[vector] = true;
		n++;
	}
	expect_eq(vector, -ENOSPC);
	expect(n > 0);
	for (unsigned v = 0; v < VECTORS; v++)
		if (given[v])
			vector_free(v);
	vector = vector_alloc();
	expect(vector >= VECTOR_FREE);
	vector_free((unsigned)vector);
}
