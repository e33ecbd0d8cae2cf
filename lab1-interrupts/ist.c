/* SPDX-License-Identifier: MIT */
/*
 * ist.c - stacks for the vectors that trust none (exercise 1.5).
 *
 * Owns      nothing.
 * Offers    ist_of_vector, ist_fill, stack_overflown.
 * Stands on nothing.
 * Source    Intel SDM 3A "Interrupt Stack Table", "64-Bit TSS".
 */
#include <lab1/stacks.h>

#include <lab0/memory_layout.h>
#include <lab0/todo.h>

unsigned
ist_of_vector(unsigned vector)
{
	/* Exercise 1.5 (1 of 3): see ist_of_vector in <lab1/stacks.h> */
	(void)vector; todo("1.5");
}

void
ist_fill(struct tss *tss, const struct stack_area stacks[IST_COUNT])
{
	/* Exercise 1.5 (2 of 3): see ist_fill in <lab1/stacks.h> */
	(void)tss; (void)stacks; todo("1.5");
}

const struct stack_area *
stack_overflown(const struct stack_area *stacks, size_t count,
    vaddr_t address, uint64_t rsp)
{
	/* Exercise 1.5 (3 of 3): see stack_overflown in <lab1/stacks.h> */
	(void)stacks; (void)count; (void)address; (void)rsp;
	todo("1.5");
}
