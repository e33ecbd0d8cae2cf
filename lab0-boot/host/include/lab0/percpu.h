/* SPDX-License-Identifier: MIT */
/*
 * percpu.h - on a host: one CPU, whose variables lie in one section.
 *
 * Stands before the kernel's <lab0/percpu.h> in the include path.
 */
#ifndef LAB0_PERCPU_H
#define LAB0_PERCPU_H

#include <lab0/types.h>

struct percpu_head {
	struct percpu_head	*self;
	uint32_t		cpu;
	uint32_t		preempt_count;
	uint32_t		irq_depth;
	uint64_t		canary;
};

extern struct percpu_head percpu_start;	/* first in the section */
extern char __stop_percpu[];		/* the linker's */

#define percpu_end __stop_percpu

#define PERCPU(type, name) \
	__attribute__((section("percpu"))) type name

static inline struct percpu_head *
percpu_self(void)
{
	return &percpu_start;
}

#define percpu_ptr(name) (&(name))

static inline uint32_t
cpu_id(void)
{
	return percpu_start.cpu;
}

static inline void
preempt_count_up(void)
{
	percpu_start.preempt_count++;
}

static inline bool
preempt_count_down(void)
{
	return --percpu_start.preempt_count == 0;
}

#endif
