/* SPDX-License-Identifier: MIT */
/*
 * stacks.h - stacks that can be trusted when nothing else can (exercise 1.5).
 *
 * A kernel that runs out of stack faults while pushing; to report the fault
 * the CPU pushes again, onto the same stack, and that is a double fault. If
 * its gate had no stack of its own the third fault would reset the machine.
 * Every CPU therefore has a stack, with an unmapped guard page below, for each
 * of the four vectors that may come at any moment.
 *
 * Source    Intel SDM 3A "Interrupt Stack Table", "Interrupt 8-Double Fault
 *           Exception (#DF)".
 */
#ifndef LAB1_STACKS_H
#define LAB1_STACKS_H

#include <lab0/backtrace.h>
#include <lab0/types.h>
#include <lab1/descriptors.h>
#include <lab1/vectors.h>

/* The IST numbers, 1 to 7, as a gate names them. */
enum ist {
	IST_NONE = 0,
	IST_DF = 1,
	IST_NMI = 2,
	IST_MC = 3,
	IST_DB = 4,
	IST_COUNT = 4,
	IST_STACK_BYTES = 8192,
};

/*
 * The stack for a vector: its IST number, or IST_NONE for one that uses the
 * stack it finds.
 *
 * vector    any; what is no vector has IST_NONE
 * context   any
 */
unsigned ist_of_vector(unsigned vector);

/*
 * Give the TSS its IST entries: number n gets the top of stacks[n - 1]; the
 * entries that no IST number uses become 0, and nothing else changes.
 *
 * stacks    IST_COUNT of them, tops are multiples of 16
 * context   any
 */
void ist_fill(struct tss *tss, const struct stack_area stacks[IST_COUNT]);

/*
 * Was this fault a stack that is full? It was if the faulting address lies in
 * the guard page of one of the stacks (the PAGE_SIZE bytes below its lo); if it
 * lies in none of them, if the stack pointer does, or stands on the first byte
 * of a stack, lo, from which the next push leaves it.
 *
 * stacks    `count` of them
 * address   the faulting address (CR2)
 * rsp       the stack pointer of the interrupted code
 * returns   the stack, one of `stacks`; NULL: none of them
 * context   any; does not touch the stacks' memory
 */
const struct stack_area *stack_overflown(const struct stack_area *stacks,
    size_t count, vaddr_t address, uint64_t rsp);

/*
 * Take the page away, for good.
 *
 * page      of the kernel's image, a multiple of PAGE_SIZE
 * context   boot
 */
void stack_guard_unmap(vaddr_t page);

/* The IST stacks of this CPU, number n at n - 1; the set has them, too. */
extern const struct stack_area kernel_stacks[IST_COUNT];

#endif
