/* SPDX-License-Identifier: MIT */
/*
 * madt_parse.c - takes the MADT apart.
 *
 * Offers    madt_parse, madt_defaults.
 * Stands on acpi.h, string; also builds on the host.
 * Source    ACPI 6.3, 5.2.12, tables 5-43 to 5-51, 5-55, 5-56.
 */
#include <lab1/madt.h>

#include <lab0/errno.h>
#include <lab0/string.h>

enum {
	LAPIC_ADDRESS_DEFAULT = 0xfee00000,
	PCAT_COMPATIBLE = 1 << 0,	/* flags of the table */
	CPU_ENABLED = 1 << 0,		/* flags of a local APIC */
	CPU_ONLINE_CAPABLE = 1 << 1,
	UID8_ALL = 0xff,
	UID32_ALL = 0xffffffff,
	ISA_BUS = 0,
};

/* "MPS INTI flags": two fields of two bits; 0 is what the bus has. */
enum inti_flags {
	INTI_POLARITY = 3,
	INTI_HIGH = 1,
	INTI_LOW = 3,
	INTI_TRIGGER_SHIFT = 2,
	INTI_EDGE = 1,
	INTI_LEVEL = 3,
};

struct packed madt_head {
	struct acpi_header header;
	uint32_t	lapic_address;
	uint32_t	flags;
};

struct packed entry_head {
	uint8_t		type;
	uint8_t		length;		/* bytes, with this head */
};

struct packed entry_lapic {
	struct entry_head head;
	uint8_t		uid;
	uint8_t		apic_id;
	uint32_t	flags;
};

struct packed entry_ioapic {
	struct entry_head head;
	uint8_t		id;
	uint8_t		reserved;
	uint32_t	address;
	uint32_t	gsi_base;
};

struct packed entry_override {
	struct entry_head head;
	uint8_t		bus;
	uint8_t		source;		/* ISA interrupt */
	uint32_t	gsi;
	uint16_t	flags;
};

struct packed entry_nmi {
	struct entry_head head;
	uint16_t	flags;
	uint32_t	gsi;
};

struct packed entry_lapic_nmi {
	struct entry_head head;
	uint8_t		uid;
	uint16_t	flags;
	uint8_t		lint;
};

struct packed entry_lapic_address {
	struct entry_head head;
	uint16_t	reserved;
	uint64_t	address;
};

struct packed entry_x2apic {
	struct entry_head head;
	uint16_t	reserved;
	uint32_t	apic_id;
	uint32_t	flags;
	uint32_t	uid;
};

struct packed entry_x2apic_nmi {
	struct entry_head head;
	uint16_t	flags;
	uint32_t	uid;
	uint8_t		lint;
	uint8_t		reserved[3];
};

union entry {
	struct entry_head head;
	struct entry_lapic lapic;
	struct entry_ioapic ioapic;
	struct entry_override override;
	struct entry_nmi nmi;
	struct entry_lapic_nmi lapic_nmi;
	struct entry_lapic_address lapic_address;
	struct entry_x2apic x2apic;
	struct entry_x2apic_nmi x2apic_nmi;
};

struct parse {
	const struct acpi_reader *reader;
	struct madt	*madt;
};

/* Nothing is dropped in silence, and no table fills the log. */
#define warn(p, ...) \
	do { \
		if ((p)->madt->nwarnings < MADT_WARNINGS_MAX) \
			acpi_warn((p)->reader, &(p)->madt->nwarnings, \
			    "APIC: " __VA_ARGS__); \
		else \
			(p)->madt->nwarnings++; \
	} while (0)

/* An ISA interrupt is edge and high where the flags leave it to the bus. */
static struct madt_line
wired(const struct parse *p, uint32_t gsi, uint16_t flags)
{
	unsigned polarity = flags & INTI_POLARITY;
	unsigned trigger = flags >> INTI_TRIGGER_SHIFT & INTI_POLARITY;

	if (polarity == 2 || trigger == 2)
		warn(p, "flags 0x%x of line %u are reserved; taking the "
		    "bus's", flags, gsi);
	return (struct madt_line){
		.gsi = gsi,
		.trigger = trigger == INTI_LEVEL ? IRQ_LEVEL : IRQ_EDGE,
		.polarity = polarity == INTI_LOW ? IRQ_LOW : IRQ_HIGH,
	};
}

static void
add_cpu(const struct parse *p, const struct madt_cpu *cpu)
{
	struct madt *m = p->madt;

	for (unsigned i = 0; i < m->ncpus; i++) {
		if (m->cpus[i].apic_id == cpu->apic_id) {
			warn(p, "local APIC %u is listed twice", cpu->apic_id);
			return;
		}
	}
	if (m->ncpus == MADT_CPUS_MAX)
		warn(p, "more than %d CPUs; local APIC %u is left out",
		    MADT_CPUS_MAX, cpu->apic_id);
	else
		m->cpus[m->ncpus++] = *cpu;
}

/* One that is neither there nor to come is a blank entry. */
static void
take_cpu(const struct parse *p, uint32_t apic_id, uint32_t uid, uint32_t flags)
{
	struct madt_cpu cpu = {
		.apic_id = apic_id, .uid = uid,
		.enabled = flags & CPU_ENABLED,
		.can_come = !(flags & CPU_ENABLED) &&
		    flags & CPU_ONLINE_CAPABLE,
	};

	if (cpu.enabled || cpu.can_come)
		add_cpu(p, &cpu);
}

static void
take_ioapic(const struct parse *p, const struct entry_ioapic *e)
{
	struct madt *m = p->madt;

	for (unsigned i = 0; i < m->nioapics; i++) {
		if (m->ioapics[i].gsi_base == e->gsi_base ||
		    m->ioapics[i].address == e->address) {
			warn(p, "I/O APIC %u has the place of another",
			    e->id);
			return;
		}
	}
	if (e->address == 0 || e->address % 16 != 0)
		warn(p, "I/O APIC %u at 0x%x cannot be", e->id, e->address);
	else if (m->nioapics == MADT_IOAPICS_MAX)
		warn(p, "more than %d I/O APICs; number %u is left out",
		    MADT_IOAPICS_MAX, e->id);
	else
		m->ioapics[m->nioapics++] = (struct madt_ioapic){
			.id = e->id, .address = e->address,
			.gsi_base = e->gsi_base,
		};
}

static void
take_override(const struct parse *p, const struct entry_override *e)
{
	if (e->bus != ISA_BUS || e->source >= ISA_IRQS) {
		warn(p, "override of interrupt %u on bus %u: not ISA",
		    e->source, e->bus);
		return;
	}
	if (p->madt->isa_overridden & 1u << e->source) {
		warn(p, "ISA interrupt %u is overridden twice", e->source);
		return;
	}
	p->madt->isa[e->source] = wired(p, e->gsi, e->flags);
	p->madt->isa_overridden |= (uint16_t)(1u << e->source);
}

static void
take_nmi(const struct parse *p, const struct entry_nmi *e)
{
	if (p->madt->nnmi_lines == MADT_NMIS_MAX)
		warn(p, "more than %d lines for NMI; line %u is left out",
		    MADT_NMIS_MAX, e->gsi);
	else
		p->madt->nmi_lines[p->madt->nnmi_lines++] =
		    wired(p, e->gsi, e->flags);
}

/* An NMI is an edge, whatever the flags say (SDM 3A "Local Vector Table"), but
 * it may be low. */
static void
take_local_nmi(const struct parse *p, uint32_t uid, unsigned lint,
    uint16_t flags)
{
	struct madt_line line = wired(p, lint, flags);

	if (lint > 1)
		warn(p, "NMI at LINT%u: there are two inputs", lint);
	else if (p->madt->nlocal_nmis == MADT_NMIS_MAX)
		warn(p, "more than %d local NMIs", MADT_NMIS_MAX);
	else
		p->madt->local_nmis[p->madt->nlocal_nmis++] =
		    (struct madt_local_nmi){
			.uid = uid, .lint = (uint8_t)lint,
			.trigger = line.trigger, .polarity = line.polarity,
		};
}

/* Bytes that an entry of a type has at least; 0: a type that is not for us. */
static size_t
entry_bytes(uint8_t type)
{
	static const uint8_t bytes[] = {
		[0] = sizeof(struct entry_lapic),
		[1] = sizeof(struct entry_ioapic),
		[2] = sizeof(struct entry_override),
		[3] = sizeof(struct entry_nmi),
		[4] = sizeof(struct entry_lapic_nmi),
		[5] = sizeof(struct entry_lapic_address),
		[9] = sizeof(struct entry_x2apic),
		[10] = sizeof(struct entry_x2apic_nmi),
	};

	return type < sizeof(bytes) ? bytes[type] : 0;
}

static void
take(const struct parse *p, const union entry *e)
{
	switch (e->head.type) {
	case 0:
		take_cpu(p, e->lapic.apic_id, e->lapic.uid, e->lapic.flags);
		break;
	case 1:
		take_ioapic(p, &e->ioapic);
		break;
	case 2:
		take_override(p, &e->override);
		break;
	case 3:
		take_nmi(p, &e->nmi);
		break;
	case 4:
		take_local_nmi(p, e->lapic_nmi.uid == UID8_ALL ?
		    MADT_ALL_CPUS : e->lapic_nmi.uid, e->lapic_nmi.lint,
		    e->lapic_nmi.flags);
		break;
	case 5:
		p->madt->lapic_address = e->lapic_address.address;
		break;
	case 9:
		take_cpu(p, e->x2apic.apic_id, e->x2apic.uid,
		    e->x2apic.flags);
		break;
	case 10:
		take_local_nmi(p, e->x2apic_nmi.uid, e->x2apic_nmi.lint,
		    e->x2apic_nmi.flags);
		break;
	}
}

void
madt_defaults(struct madt *madt)
{
	memset(madt, 0, sizeof(*madt));
	madt->lapic_address = LAPIC_ADDRESS_DEFAULT;
	madt->has_8259 = true;
	for (unsigned i = 0; i < ISA_IRQS; i++)
		madt->isa[i] = (struct madt_line){
			.gsi = i, .trigger = IRQ_EDGE, .polarity = IRQ_HIGH,
		};
}

int
madt_parse(const struct acpi_reader *reader, const struct acpi_header *table,
    struct madt *madt)
{
	struct parse p = { reader, madt };
	const uint8_t *at = (const uint8_t *)table;
	const uint8_t *end = at + table->length;
	struct madt_head head;

	madt_defaults(madt);
	if (table->length < sizeof(head)) {
		warn(&p, "%u bytes are too short", table->length);
		return -EINVAL;
	}
	memcpy(&head, table, sizeof(head));
	madt->lapic_address = head.lapic_address;
	madt->has_8259 = head.flags & PCAT_COMPATIBLE;
	for (at += sizeof(head); at < end;) {
		union entry entry = { 0 };
		size_t left = (size_t)(end - at);

		memcpy(&entry, at, MIN(left, sizeof(entry)));
		if (left < sizeof(entry.head) || entry.head.length > left ||
		    entry.head.length < sizeof(entry.head)) {
			warn(&p, "an entry of type %u, length %u, with %lu "
			    "bytes left; what follows is left out",
			    entry.head.type, entry.head.length, left);
			break;
		}
		if (entry.head.length < entry_bytes(entry.head.type))
			warn(&p, "an entry of type %u is too short: %u bytes",
			    entry.head.type, entry.head.length);
		else
			take(&p, &entry);
		at += entry.head.length;
	}
	return 0;
}
