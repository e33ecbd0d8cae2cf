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
#include <lab0/todo.h>

void
interrupt_dispatch(struct interrupt_frame *frame)
{
	/* EX 1.3 { see interrupt_dispatch in <lab1/interrupt.h> */
	unsigned vector = (unsigned)frame->vector;
	struct interrupt_counts *counts = interrupt_counts();
	const struct interrupt_slot *slot = &interrupt_slots[vector];
	struct percpu_head *self = percpu_self();

	counts->taken[vector]++;
	if (vector < EXCEPTIONS) {
		exception_handle(frame);
		return;
	}

	self->irq_depth++;
	if (slot->source && slot->source->spurious
	    && slot->source->spurious(vector)) {
		counts->spurious++;
	} else {
		bool wanted = false;

		for (struct interrupt_handler *handler = slot->first; handler;
		    handler = handler->next)
			wanted |= handler->fn(frame, handler->context);
		if (!wanted)
			interrupt_unexpected(frame);
		if (slot->source)
			slot->source->acknowledge(vector);
	}
	self->irq_depth--;
	if (self->irq_depth == 0)
		HOOK_CALL(interrupt_leave, frame);
	/* EX 1.3 } (void)frame; todo("1.3"); */
}

struct selector_error
selector_error_decode(uint64_t error)
{
	/* EX 1.3 { see selector_error_decode in <lab1/exception.h> */
	return (struct selector_error){
		.external = error & 1,
		.table = error & 2 ? TABLE_IDT
		    : error & 4 ? TABLE_LDT : TABLE_GDT,
		.index = error >> 3 & 0x1fff,
	};
	/* EX 1.3 } (void)error; todo("1.3"); */
}
