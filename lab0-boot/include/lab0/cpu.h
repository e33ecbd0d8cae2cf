/* SPDX-License-Identifier: MIT */
/*
 * cpu.h - single CPU instructions that C cannot say, and their bits.
 *
 * Offers    control registers, MSRs, CPUID, TSC, interrupt flag, pause, halt.
 * Source    Intel SDM 3A "Control Registers"; SDM 4 "Architectural MSRs";
 *           SDM 2A "CPUID - CPU Identification".
 */
#ifndef LAB0_CPU_H
#define LAB0_CPU_H

#include <lab0/types.h>

enum {
	CR0_PE = 1u << 0,	/* protection enable */
	CR0_WP = 1u << 16,	/* read-only pages bind the kernel too */
	CR0_PG = 1u << 31,	/* paging */
	CR4_PAE = 1u << 5,	/* physical address extension */
};

enum {
	MSR_EFER = 0xc0000080,
	MSR_FS_BASE = 0xc0000100,
	MSR_GS_BASE = 0xc0000101,
	MSR_KERNEL_GS_BASE = 0xc0000102,	/* what SWAPGS brings in */
	EFER_LME = 1u << 8,	/* long mode enable */
	EFER_LMA = 1u << 10,	/* long mode active (read only) */
	EFER_NXE = 1u << 11,	/* no-execute enable */
};

enum {
	RFLAGS_IF = 1u << 9,	/* interrupts on */
};

/* Leaves of CPUID; their bits stand with who looks at them. */
enum {
	CPUID_FEATURES = 1,
	CPUID_EXTENDED = 0x80000000u,		/* eax: last leaf of these */
	CPUID_POWER = 0x80000007u,
	CPUID_ADDRESS_SIZES = 0x80000008u,
};

struct cpuid_leaf {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid_leaf
cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_leaf r;

	__asm__ volatile("cpuid"
	    : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
	    : "a"(leaf), "c"(subleaf));
	return r;
}

static inline uint64_t
rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* Only where CPUID has it; returns whether there was a number in time. */
static inline bool
rdrand(uint64_t *value)
{
	bool ok;

	__asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(ok));
	return ok;
}

static inline uint64_t
rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void
wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr"
	    : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
	    : "memory");
}

static inline uint64_t
read_cr0(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr0, %0" : "=r"(value));
	return value;
}

static inline void
write_cr0(uint64_t value)
{
	__asm__ volatile("mov %0, %%cr0" : : "r"(value) : "memory");
}

static inline uint64_t
read_cr2(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr2, %0" : "=r"(value));
	return value;
}

static inline uint64_t
read_cr3(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr3, %0" : "=r"(value));
	return value;
}

static inline uint64_t
read_cr4(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr4, %0" : "=r"(value));
	return value;
}

/* Also drops every TLB entry that is not global. */
static inline void
write_cr3(uint64_t value)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static inline void
write_cr4(uint64_t value)
{
	__asm__ volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

static inline uint64_t
read_rflags(void)
{
	uint64_t value;

	__asm__ volatile("pushfq; popq %0" : "=r"(value));
	return value;
}

static inline void
irq_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline void
irq_disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static inline bool
irq_enabled(void)
{
	return read_rflags() & RFLAGS_IF;
}

/* Interrupts off; returns the RFLAGS to hand to irq_restore. */
static inline uint64_t
irq_save(void)
{
	uint64_t flags = read_rflags();

	irq_disable();
	return flags;
}

/* Interrupts as they were when `flags` was taken. */
static inline void
irq_restore(uint64_t flags)
{
	if (flags & RFLAGS_IF)
		irq_enable();
}

/* To be in the body of every busy loop. */
static inline void
cpu_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

/* Sleep until the next interrupt; with interrupts off, for good. */
static inline void
cpu_halt(void)
{
	__asm__ volatile("hlt" : : : "memory");
}

#endif
