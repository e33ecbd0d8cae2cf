/* SPDX-License-Identifier: MIT */
/*
 * ioapic.h - where device lines become messages to local APICs.
 *
 * A machine has one or more; each has 24 inputs, or as many as it says, which
 * are the lines from its GSI base on. An input has a redirection entry: vector,
 * destination, trigger, polarity, mask.
 *
 * Owns      the redirection entries.
 * Context   of all but ioapic_start: irqchip.lock is held.
 * Source    Intel 82093AA data sheet, "Register Description"; SDM 3A "I/O APIC
 *           ... Interrupt Acceptance for Fixed Interrupts" for EOI messages.
 */
#ifndef LAB1_IOAPIC_H
#define LAB1_IOAPIC_H

#include <lab0/types.h>
#include <lab1/madt.h>

/* Lower half of a redirection entry. */
enum ioapic_entry {
	IOAPIC_VECTOR = 0xff,
	IOAPIC_FIXED = 0 << 8,		/* delivery modes */
	IOAPIC_NMI = 4 << 8,
	IOAPIC_PENDING = 1 << 12,	/* r: on its way */
	IOAPIC_LOW = 1 << 13,
	IOAPIC_REMOTE_IRR = 1 << 14,	/* r: level, EOI not seen yet */
	IOAPIC_LEVEL = 1 << 15,
	IOAPIC_MASKED = 1 << 16,
};

/*
 * Find the I/O APICs of the table and mask all their inputs; one line for
 * each that cannot be used.
 *
 * returns   0; -ENODEV: none can be used
 * context   boot
 */
must_check int ioapic_start(const struct madt *madt);

/* For the monitor: a line for each. */
void ioapic_about(void);

/* Whether a line ends at an I/O APIC. */
bool ioapic_has(uint32_t line);

/* For lines that ioapic_has. */

/* Write a whole entry. apic_id: 0..254, physical destination. */
void ioapic_route(uint32_t line, uint32_t apic_id, uint32_t entry);

/* Lower half of the entry. */
uint32_t ioapic_entry(uint32_t line);

/* Change its mask; the rest stays. */
void ioapic_mask(uint32_t line, bool masked);

#endif
