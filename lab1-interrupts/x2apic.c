/* SPDX-License-Identifier: MIT */
/*
 * x2apic.c - the local APIC's registers as MSRs.
 *
 * Written from the manual; no QEMU CPU model has x2APIC without KVM, so on the
 * machines of the tests this code has run with made-up MSRs only.
 *
 * Offers    x2apic_ops.
 * Stands on lapic.h; the MSR instructions come in by x2apic_msrs. Also builds
 *           on the host.
 * Source    Intel SDM 3A "Extended XAPIC (x2APIC)": "Register Address Space",
 *           "ICR Operation in x2APIC Mode", "SELF IPI Register".
 */
#include <lab1/lapic.h>

enum {
	X2APIC_MSR = 0x800,		/* of offset 0 */
	X2APIC_SHIFT = 4,		/* an MSR for 16 bytes of xAPIC */
};

const struct x2apic_msrs *x2apic_msrs;

static uint32_t
msr_of(enum lapic_register reg)
{
	return X2APIC_MSR + ((uint32_t)reg >> X2APIC_SHIFT);
}

static uint32_t
x2apic_read(enum lapic_register reg)
{
	return (uint32_t)x2apic_msrs->read(msr_of(reg));
}

static void
x2apic_write(enum lapic_register reg, uint32_t value)
{
	x2apic_msrs->write(msr_of(reg), value);
}

/*
 * One MSR is the whole command, and there is no busy bit. Unlike a store to
 * an uncached page, a WRMSR to it may overtake earlier stores: the fence lets
 * the other CPU see what it is called for ("MSR Access in x2APIC Mode").
 */
static void
x2apic_command(uint32_t apic_id, uint32_t command)
{
	__asm__ volatile("mfence; lfence" : : : "memory");
	x2apic_msrs->write(msr_of(LAPIC_ICR_LOW),
	    (uint64_t)apic_id << 32 | command);
}

static void
x2apic_self_ipi(unsigned vector)
{
	x2apic_msrs->write(msr_of(LAPIC_SELF_IPI), vector);
}

/* All 32 bits are the number. */
static uint32_t
x2apic_id(void)
{
	return x2apic_read(LAPIC_ID);
}

/* Any value but 0 is a general-protection fault. */
static void
x2apic_eoi(unsigned vector)
{
	(void)vector;
	x2apic_msrs->write(msr_of(LAPIC_EOI), 0);
}

const struct lapic_ops x2apic_ops = {
	.name = "x2APIC",
	.read = x2apic_read,
	.write = x2apic_write,
	.command = x2apic_command,
	.self_ipi = x2apic_self_ipi,
	.id = x2apic_id,
	.source = { .acknowledge = x2apic_eoi },
};
