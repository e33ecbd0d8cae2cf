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
	/* Exercise 1.3 (1 of 2): see interrupt_dispatch in <lab1/interrupt.h> */
	(void)frame; todo("1.3");
}

struct selector_error
selector_error_decode(uint64_t error)
{
	/* Exercise 1.3 (2 of 2): see selector_error_decode in <lab1/exception.h> */
	(void)error; todo("1.3");
}
