/* SPDX-License-Identifier: MIT */
/*
 * madt.h - what the firmware says of the interrupt controllers.
 *
 * The MADT (signature "APIC") is a list of entries: CPUs with their local
 * APICs, I/O APICs, ISA interrupts that are not on the line of their number,
 * and where NMIs come in. Entries that make no sense are named in one line
 * each and left out.
 *
 * Owns      the parsed table.
 * Source    ACPI 6.3, 5.2.12 "Multiple APIC Description Table (MADT)".
 */
#ifndef LAB1_MADT_H
#define LAB1_MADT_H

#include <lab0/types.h>
#include <lab1/acpi.h>
#include <lab1/irqchip.h>

enum {
	MADT_CPUS_MAX = 64,
	MADT_IOAPICS_MAX = 8,
	MADT_NMIS_MAX = 8,
	MADT_WARNINGS_MAX = 16,		/* lines; what is wrong further on is
					   only counted */
};

/* For all CPUs, in place of one's uid. */
#define MADT_ALL_CPUS	0xffffffffu

struct madt_cpu {
	uint32_t	apic_id;
	uint32_t	uid;		/* ACPI's number of the processor */
	bool		enabled;
	bool		can_come;	/* not there now, may be plugged in */
};

struct madt_ioapic {
	uint8_t		id;
	paddr_t		address;
	uint32_t	gsi_base;	/* line of its first input */
};

/* A line as the firmware wired it. */
struct madt_line {
	uint32_t	gsi;
	enum irq_trigger trigger;
	enum irq_polarity polarity;
};

/* NMI on a local APIC's input. */
struct madt_local_nmi {
	uint32_t	uid;		/* or MADT_ALL_CPUS */
	uint8_t		lint;		/* 0 or 1 */
	enum irq_trigger trigger;
	enum irq_polarity polarity;
};

struct madt {
	paddr_t		lapic_address;
	bool		has_8259;	/* the pair is there, to be masked */
	unsigned	ncpus;
	struct madt_cpu	cpus[MADT_CPUS_MAX];
	unsigned	nioapics;
	struct madt_ioapic ioapics[MADT_IOAPICS_MAX];
	struct madt_line isa[ISA_IRQS]; /* overridden or by tradition:
					its own number, edge, high */
	uint16_t	isa_overridden;	/* bit n: isa[n] stands in the table */
	unsigned	nnmi_lines;
	struct madt_line nmi_lines[MADT_NMIS_MAX]; /* not for handlers */
	unsigned	nlocal_nmis;
	struct madt_local_nmi local_nmis[MADT_NMIS_MAX];
	unsigned	nwarnings;
};

/*
 * Read a table.
 *
 * table     table->length bytes, checked by acpi_list
 * madt      filled; all fields are usable, whatever is returned
 * returns   0; -EINVAL: shorter than its fixed part
 */
must_check int madt_parse(const struct acpi_reader *reader,
    const struct acpi_header *table, struct madt *madt);

/* What holds where there is no table: the PC/AT's wiring, no CPU listed. */
void madt_defaults(struct madt *madt);

/* This machine's; NULL: it has none. Fixed after the boot step madt_init. */
const struct madt *madt(void);

#endif
