/* SPDX-License-Identifier: MIT */
/*
 * lapic.h - the CPU's own interrupt controller.
 *
 * Every CPU has one. It takes interrupts from the I/O APICs, from the 8259
 * pair (its input LINT0), from other CPUs (IPIs) and from itself (timer,
 * errors), and hands the CPU the one with the highest vector. Its registers
 * are 4 KiB of memory (xAPIC) or MSRs (x2APIC); the functions here do not
 * care which.
 *
 * A vector that the local APIC delivers needs its source in
 * interrupt_slots[vector].source: lapic_source().
 *
 * Owns      the local APIC's registers but those of the timer.
 * Source    Intel SDM 3A "Advanced Programmable Interrupt Controller (APIC)".
 */
#ifndef LAB1_LAPIC_H
#define LAB1_LAPIC_H

#include <lab0/types.h>
#include <lab1/interrupt.h>

/* Offsets of xAPIC; x2APIC's MSR is 0x800 + offset / 16. */
enum lapic_register {
	LAPIC_ID = 0x020,		/* r; xAPIC: number in bits 24-31 */
	LAPIC_VERSION = 0x030,		/* r */
	LAPIC_TPR = 0x080,		/* rw: task priority */
	LAPIC_EOI = 0x0b0,		/* w */
	LAPIC_SVR = 0x0f0,		/* rw: spurious vector, enable */
	LAPIC_ISR = 0x100,		/* r: in service, 8 registers */
	LAPIC_TMR = 0x180,		/* r: level triggered, 8 registers */
	LAPIC_IRR = 0x200,		/* r: requested, 8 registers */
	LAPIC_ESR = 0x280,		/* rw: errors; write, then read */
	LAPIC_ICR_LOW = 0x300,		/* rw: a write sends */
	LAPIC_ICR_HIGH = 0x310,		/* rw: destination; xAPIC only */
	LAPIC_LVT_TIMER = 0x320,	/* rw */
	LAPIC_LVT_THERMAL = 0x330,	/* rw */
	LAPIC_LVT_PERFORMANCE = 0x340,	/* rw */
	LAPIC_LVT_LINT0 = 0x350,	/* rw */
	LAPIC_LVT_LINT1 = 0x360,	/* rw */
	LAPIC_LVT_ERROR = 0x370,	/* rw */
	LAPIC_TIMER_INITIAL = 0x380,	/* rw: 0 stops */
	LAPIC_TIMER_CURRENT = 0x390,	/* r */
	LAPIC_TIMER_DIVIDE = 0x3e0,	/* rw */
	LAPIC_SELF_IPI = 0x3f0,		/* w; x2APIC only */
};

enum {
	LAPIC_SVR_ENABLE = 1 << 8,
	/* Local vector table and ICR. */
	LAPIC_FIXED = 0 << 8,		/* delivery modes */
	LAPIC_NMI = 4 << 8,
	LAPIC_EXTINT = 7 << 8,		/* the 8259 says which vector */
	LAPIC_BUSY = 1 << 12,		/* r: not accepted yet; xAPIC only */
	LAPIC_ACTIVE_LOW = 1 << 13,	/* LINT0, LINT1 */
	LAPIC_ASSERT = 1 << 14,		/* ICR */
	LAPIC_LEVEL = 1 << 15,		/* LINT0, LINT1 */
	LAPIC_MASKED = 1 << 16,
	LAPIC_TIMER_PERIODIC = 1 << 17,
	LAPIC_TO_SELF = 1 << 18,	/* ICR: destination shorthand */
};

/* How the registers are reached. */
struct lapic_ops {
	const char	*name;
	uint32_t	(*read)(enum lapic_register);
	void		(*write)(enum lapic_register, uint32_t value);
	/* The interrupt command register, both halves. */
	void		(*command)(uint32_t apic_id, uint32_t command);
	void		(*self_ipi)(unsigned vector);
	uint32_t	(*id)(void);
	struct irq_source source;	/* acknowledge: end of interrupt */
};

/*
 * Whether this CPU has a local APIC and it was set up (the boot step
 * lapic_init). Without it none of the functions below may be called.
 */
bool lapic_present(void);

/* "xAPIC" or "x2APIC". */
const char *lapic_mode(void);

/* This CPU's APIC number. */
uint32_t lapic_id(void);

uint32_t lapic_read(enum lapic_register reg);
void lapic_write(enum lapic_register reg, uint32_t value);

/* How vectors that it delivers are acknowledged: one EOI, none is spurious. */
const struct irq_source *lapic_source(void);

/* End of the interrupt with the highest vector that is in service. */
void lapic_eoi(void);

/*
 * Send an interrupt to this CPU; with interrupts on it has been handled some
 * instructions later, at the latest at the next one that can be interrupted.
 *
 * vector    16..255
 * context   any
 */
void lapic_ipi_self(unsigned vector);

/*
 * Send an interrupt to a CPU; it has left when this returns, but may not have
 * arrived.
 *
 * apic_id   of madt.h
 * vector    16..255
 * context   interrupts off: the two halves of the command belong together
 */
void lapic_ipi(uint32_t apic_id, unsigned vector);

/* Let the 8259 pair's output through to this CPU (LINT0), or not. */
void lapic_listen_to_pic(bool listen);

/*
 * For x2apic.c and its tests: the functions that read and write MSRs.
 */
struct x2apic_msrs {
	uint64_t	(*read)(uint32_t msr);
	void		(*write)(uint32_t msr, uint64_t value);
};

/* To be set before x2apic_ops is used. */
extern const struct x2apic_msrs *x2apic_msrs;
extern const struct lapic_ops x2apic_ops;

#endif
