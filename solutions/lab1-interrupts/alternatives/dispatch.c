/* SPDX-License-Identifier: MIT */
/*
 * dispatch.c - which handler, and what a selector error says (exercise 1.3).
 *
 * Owns      nothing.
 * Offers    interrupt_dispatch, selector_error_decode.
 * Stands on the table of slots (interrupt.c), exception_handle.
 * Source    Intel SDM 3A "Error Code".
 */
#include <lab1/exception.h>
#include <lab1/interrupt.h>

#include <lab0/percpu.h>

static bool
is_spurious(const struct irq_source *source, unsigned vector)
{
	return source && source->spurious && source->spurious(vector);
}

/*
 * Ask all handlers. Which one is next is read behind the call: a handler that
 * took itself away still points at it, and one that took its neighbour away
 * does not any more.
 *
 * returns   how many said that it was for them
 */
static unsigned
ask_handlers(const struct interrupt_slot *slot, struct interrupt_frame *frame)
{
	struct interrupt_handler *const *at = &slot->first;
	struct interrupt_handler *handler;
	unsigned takers = 0;

	while ((handler = __atomic_load_n(at, __ATOMIC_ACQUIRE))) {
		takers += handler->fn(frame, handler->context);
		at = &handler->next;
	}
	return takers;
}

static void
deliver(struct interrupt_frame *frame)
{
	unsigned vector = (unsigned)frame->vector;
	const struct interrupt_slot *slot = &interrupt_slots[vector];
	const struct irq_source *source = slot->source;

	if (is_spurious(source, vector)) {
		interrupt_counts()->spurious++;
		return;
	}
	if (!ask_handlers(slot, frame))
		interrupt_unexpected(frame);
	if (source)
		source->acknowledge(vector);
}

void
interrupt_dispatch(struct interrupt_frame *frame)
{
	interrupt_counts()->taken[frame->vector]++;
	if (frame->vector < EXCEPTIONS) {
		exception_handle(frame);
		return;
	}
	percpu_self()->irq_depth++;
	deliver(frame);
	if (--percpu_self()->irq_depth == 0)
		HOOK_CALL(interrupt_leave, frame);
}

struct selector_error
selector_error_decode(uint64_t error)
{
	/* By the bits TI and IDT; the second makes the first meaningless. */
	static const enum descriptor_table tables[4] = {
		TABLE_GDT, TABLE_IDT, TABLE_LDT, TABLE_IDT,
	};

	return (struct selector_error){
		.external = error & 1,
		.table = tables[error >> 1 & 3],
		.index = (uint16_t)error >> 3,
	};
}
