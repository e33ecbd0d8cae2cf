/* SPDX-License-Identifier: MIT */
/*
 * ist.c - stacks for the vectors that trust none (exercise 1.5).
 *
 * Owns      which vector has which stack.
 * Offers    ist_of_vector, ist_fill, stack_overflown.
 * Stands on nothing.
 * Source    Intel SDM 3A "Interrupt Stack Table", "64-Bit TSS".
 */
#include <lab1/stacks.h>

#include <lab0/memory_layout.h>
#include <lab0/string.h>

/* By IST number less one. */
static const enum exception vector_of_ist[IST_COUNT] = {
	[IST_DF - 1] = VECTOR_DF,
	[IST_NMI - 1] = VECTOR_NMI,
	[IST_MC - 1] = VECTOR_MC,
	[IST_DB - 1] = VECTOR_DB,
};

unsigned
ist_of_vector(unsigned vector)
{
	unsigned ist = IST_COUNT;

	while (ist != IST_NONE && vector_of_ist[ist - 1] != vector)
		ist--;
	return ist;
}

void
ist_fill(struct tss *tss, const struct stack_area stacks[IST_COUNT])
{
	uint64_t tops[ARRAY_SIZE(tss->ist)] = { 0 };

	for (size_t i = 0; i < IST_COUNT; i++)
		tops[i] = stacks[i].hi;
	memcpy(tss->ist, tops, sizeof(tops));
}

/*
 * The stack to whose first byte an address is near: by nearest to PAGE_SIZE
 * bytes below it. An address above wraps, and is far away.
 */
static const struct stack_area *
stack_above(const struct stack_area *stacks, size_t count, uint64_t address,
    uint64_t nearest)
{
	const struct stack_area *end = stacks + count;

	for (const struct stack_area *stack = stacks; stack < end; stack++) {
		uint64_t below = stack->lo - address;

		if (below >= nearest && below <= PAGE_SIZE)
			return stack;
	}
	return NULL;
}

const struct stack_area *
stack_overflown(const struct stack_area *stacks, size_t count,
    vaddr_t address, uint64_t rsp)
{
	const struct stack_area *by_address =
	    stack_above(stacks, count, address, 1);

	return by_address ? by_address : stack_above(stacks, count, rsp, 0);
}
