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
	/* EX 1.5 { see ist_of_vector in <lab1/stacks.h> */
	switch (vector) {
	case VECTOR_DF:
		return IST_DF;
	case VECTOR_NMI:
		return IST_NMI;
	case VECTOR_MC:
		return IST_MC;
	case VECTOR_DB:
		return IST_DB;
	}
	return IST_NONE;
	/* EX 1.5 } (void)vector; todo("1.5"); */
}

void
ist_fill(struct tss *tss, const struct stack_area stacks[IST_COUNT])
{
	/* EX 1.5 { see ist_fill in <lab1/stacks.h> */
	for (unsigned i = 0; i < ARRAY_SIZE(tss->ist); i++)
		tss->ist[i] = i < IST_COUNT ? stacks[i].hi : 0;
	/* EX 1.5 } (void)tss; (void)stacks; todo("1.5"); */
}

const struct stack_area *
stack_overflown(const struct stack_area *stacks, size_t count,
    vaddr_t address, uint64_t rsp)
{
	/* EX 1.5 { see stack_overflown in <lab1/stacks.h> */
	for (size_t i = 0; i < count; i++)
		if (stacks[i].lo - address - 1 < PAGE_SIZE)
			return &stacks[i];
	for (size_t i = 0; i < count; i++)
		if (stacks[i].lo - rsp <= PAGE_SIZE)
			return &stacks[i];
	return NULL;
	/* EX 1.5 } (void)stacks; (void)count; (void)address; (void)rsp;
	todo("1.5"); */
}
