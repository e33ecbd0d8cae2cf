/* SPDX-License-Identifier: MIT */
/*
 * percpu.h - variables of which each CPU has its own.
 *
 * PERCPU(type, name) puts a variable into the per-CPU section. GS points at
 * the running CPU's copy of that section; the boot CPU uses the section in
 * place, other CPUs (lab 3) get copies of its initial state. The section
 * starts with struct percpu_head, because the compiler's stack protector
 * reads its canary at %gs:40.
 *
 * context   a CPU-local value is stable only while preemption is off
 * source    GCC manual, "-mstack-protector-guard="
 */
#ifndef LAB0_PERCPU_H
#define LAB0_PERCPU_H

#include <lab0/types.h>

struct percpu_head {
	struct percpu_head	*self;	/* linear address of this area */
	uint32_t		cpu;	/* 0 is the boot CPU */
	uint32_t		preempt_count; /* 0: may be preempted */
	uint32_t		irq_depth; /* nested interrupts being handled */
	uint32_t		reserved[5];
	uint64_t		canary;	/* of the stack protector */
};
static_assert(offsetof(struct percpu_head, canary) == 40,
    "the compiler reads the canary at %gs:40");

extern struct percpu_head percpu_start;
extern char percpu_end[];

#define PERCPU(type, name) \
	__attribute__((section(".percpu"))) type name

/* This CPU's head. */
static inline struct percpu_head *
percpu_self(void)
{
	struct percpu_head *self;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(self));
	return self;
}

/* This CPU's copy of a PERCPU variable. */
#define percpu_ptr(name) percpu_ptr_of(percpu_self(), name)

/* The copy that belongs to the CPU whose head is given. */
#define percpu_ptr_of(head, name) \
	((__typeof__(name) *)((char *)(head) + \
	    ((char *)&(name) - (char *)&percpu_start)))

/* Number of the running CPU. */
static inline uint32_t
cpu_id(void)
{
	return percpu_self()->cpu;
}

/*
 * This CPU's preempt_count one up; one down, returns whether it is 0 then. One
 * instruction each, relative to GS: a task that is moved to another CPU
 * between two would change the count of a CPU it no longer runs on.
 */
static inline void
preempt_count_up(void)
{
	__asm__ volatile("incl %%gs:%c0"
	    : : "i"(offsetof(struct percpu_head, preempt_count)) : "memory");
}

static inline bool
preempt_count_down(void)
{
	bool zero;

	__asm__ volatile("decl %%gs:%c1"
	    : "=@ccz"(zero)
	    : "i"(offsetof(struct percpu_head, preempt_count)) : "memory");
	return zero;
}

#endif
