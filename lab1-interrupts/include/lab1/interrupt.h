/* SPDX-License-Identifier: MIT */
/*
 * interrupt.h - handlers by vector, and the dispatch (exercise 1.3).
 *
 * Several handlers may share a vector: each says whether the interrupt was its
 * device's. A vector that a controller's line ends at has a struct irq_source:
 * how to tell a spurious one, and how to acknowledge. Handlers run with
 * interrupts off, on the interrupted stack, and do little.
 *
 * Owns      the table of slots, the counts per vector and CPU.
 * Offers    interrupt_add, interrupt_remove, interrupt_dispatch, vectors.
 * Source    Intel SDM 3A "Interrupt and Exception Handling".
 */
#ifndef LAB1_INTERRUPT_H
#define LAB1_INTERRUPT_H

#include <lab0/hook.h>
#include <lab0/types.h>
#include <lab1/vectors.h>

/* Who has which vectors. An APIC's priority is the upper half of the number. */
enum vector_use {
	VECTOR_LINE0 = 0x20,		/* line n of a controller: 0x20 + n */
	VECTOR_LINES = 0x40,		/* lines 0..63 */
	VECTOR_FREE = 0x60,		/* vector_alloc */
	VECTOR_FREE_END = 0xe0,
	VECTOR_LOCAL_TIMER = 0xe0,	/* the local APIC's own */
	VECTOR_LOCAL_TEST = 0xe1,	/* self-IPI of tests and benches */
	VECTOR_IPI = 0xf0,		/* 0xf0..0xfd, lab 3 */
	VECTOR_APIC_ERROR = 0xfe,
	VECTOR_APIC_SPURIOUS = 0xff,
};

/*
 * One handler.
 *
 * returns   whether the interrupt was for it
 * context   interrupts off, irq_depth > 0 (exceptions: as interrupted)
 */
typedef bool interrupt_fn(struct interrupt_frame *frame, void *context);

/* The caller's storage. Fields: I fixed while added, l vectors.lock. */
struct interrupt_handler {
	interrupt_fn	*fn;		/* [I] */
	void		*context;	/* [I] handed to fn */
	const char	*name;		/* [I] for the monitor */
	struct interrupt_handler *next;	/* [l] */
};

/* How a controller's vectors are told apart and acknowledged. */
struct irq_source {
	/* Whether nothing is behind this interrupt; then nothing else is called. */
	bool	(*spurious)(unsigned vector);	/* or NULL: never */
	/* EOI, after the handlers; never NULL. */
	void	(*acknowledge)(unsigned vector);
};

/* A vector. `first` is read without a lock. */
struct interrupt_slot {
	struct interrupt_handler *first;	/* or NULL */
	const struct irq_source	*source;	/* or NULL: exceptions, int n */
};

extern struct interrupt_slot interrupt_slots[VECTORS];

/* This CPU's counts. */
struct interrupt_counts {
	uint64_t	taken[VECTORS];	/* all that came, by vector */
	uint64_t	spurious;
	uint64_t	unexpected;	/* no handler wanted it */
};

/* Called on the way out of the outermost interrupt (not of an exception):
 * lab 3 switches tasks there. */
HOOK_ATOMIC(interrupt_leave, struct interrupt_frame *frame);

/*
 * What every entry calls (exercise 1.3):
 *   - counts the vector in `taken` of this CPU, whatever becomes of it;
 *   - an exception (vector < 32) goes to exception_handle, and that is all;
 *   - otherwise irq_depth of the per-CPU head is one higher while it runs;
 *   - a slot whose source says `spurious` is counted as such, and nothing
 *     else is done: no handler, no acknowledgement. `spurious` is asked once,
 *     before all else; a source without that function has none;
 *   - all handlers of the slot run, in the order they were added, also behind
 *     one that returned true, but not one that a handler before it has just
 *     removed (so which is next is known after a call, not before); when none
 *     returns true (or there is none), interrupt_unexpected is called, once;
 *   - the slot's source, if any, acknowledges, once, after the handlers;
 *   - last, with irq_depth one lower again: if it is 0, the hook
 *     interrupt_leave is called (HOOK_CALL), after a spurious one, too.
 *
 * context   entry code only; interrupts off
 */
void interrupt_dispatch(struct interrupt_frame *frame);

/* This CPU's counts, to be added to with plain ++ (interrupts are off). */
struct interrupt_counts *interrupt_counts(void);

/* Sum over the CPUs. */
uint64_t interrupt_taken(unsigned vector);

/*
 * An interrupt that nobody wanted: counted; the first of each vector, and
 * then each 1,000th, is one line in the log.
 */
void interrupt_unexpected(const struct interrupt_frame *frame);

/*
 * Add a handler to a vector, behind those that are there.
 *
 * vector    0..255
 * handler   not added anywhere; lives until it is removed
 * returns   0
 * errors    -EINVAL  no such vector, or no function
 *           -EBUSY   is added already
 * context   any
 * locks     takes vectors.lock
 */
must_check int interrupt_add(unsigned vector, struct interrupt_handler *handler);

/*
 * Take a handler away; it does not run any more on return on this CPU. Its
 * `next` stays as it is until it is added again, so that a dispatch that stands
 * on it can go on: a handler may take itself or a neighbour away while it runs
 * (one behind it does not run any more then), but must not add itself again.
 *
 * returns   0; -ENOENT: was not added to that vector
 * context   any, also in a handler
 */
int interrupt_remove(unsigned vector, struct interrupt_handler *handler);

/*
 * A free vector of VECTOR_FREE..VECTOR_FREE_END - 1.
 *
 * returns   the vector; -ENOSPC
 * context   any
 * locks     takes vectors.lock
 */
must_check int vector_alloc(void);

/*
 * Give a vector back.
 *
 * vector    of vector_alloc, in use, without handlers
 * context   any
 * locks     takes vectors.lock
 */
void vector_free(unsigned vector);

#endif
