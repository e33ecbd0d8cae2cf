/* SPDX-License-Identifier: MIT */
/*
 * cpu.h - on a host: what hardware-free code asks of a CPU.
 *
 * Stands before the kernel's <lab0/cpu.h> in the include path. The interrupt
 * flag is a variable and the TSC counts its readers, so a run repeats.
 */
#ifndef LAB0_CPU_H
#define LAB0_CPU_H

#include <lab0/types.h>

enum {
	RFLAGS_IF = 1u << 9,
};

struct cpuid_leaf {
	uint32_t eax, ebx, ecx, edx;
};

extern uint64_t host_rflags, host_tsc;

/* A CPU without any feature. */
static inline struct cpuid_leaf
cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)leaf;
	(void)subleaf;
	return (struct cpuid_leaf){ 0 };
}

static inline bool
rdrand(uint64_t *value)
{
	*value = 0;
	return false;
}

static inline uint64_t
rdtsc(void)
{
	return ++host_tsc;
}

static inline uint64_t
read_rflags(void)
{
	return host_rflags;
}

static inline void
irq_enable(void)
{
	host_rflags |= RFLAGS_IF;
}

static inline void
irq_disable(void)
{
	host_rflags &= ~(uint64_t)RFLAGS_IF;
}

static inline bool
irq_enabled(void)
{
	return host_rflags & RFLAGS_IF;
}

static inline uint64_t
irq_save(void)
{
	uint64_t flags = host_rflags;

	irq_disable();
	return flags;
}

static inline void
irq_restore(uint64_t flags)
{
	host_rflags = flags;
}

static inline void
cpu_pause(void)
{
}

#endif
