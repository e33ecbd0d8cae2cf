/* SPDX-License-Identifier: MIT */
/*
 * ioapic.c - the I/O APICs' redirection entries.
 *
 * A chip has two registers in memory: the number of one of its own registers
 * goes into the first, and the second is then that register.
 *
 * Owns      the list of chips.            Offers  ioapic.h.
 * Stands on madt, boot_facts; the direct map (see lapic.c on its caching).
 * Source    Intel 82093AA data sheet, 3.1 "Memory Mapped Registers", 3.2
 *           "IOAPIC Registers".
 */
#include <lab1/ioapic.h>

#include <lab0/bootfacts.h>
#include <lab0/errno.h>
#include <lab0/memory_layout.h>
#include <lab0/panic.h>
#include <lab0/printk.h>
#include <lab1/mmio.h>

enum {
	IOREGSEL = 0x00,		/* rw: number of the register ... */
	IOWIN = 0x10,			/* rw: ... that is here */
	IOAPICVER = 0x01,
	IOREDTBL = 0x10,		/* two registers an entry */
	VERSION_LAST_SHIFT = 16,	/* number of the last entry */
	VERSION_LAST_MASK = 0xff,
	DESTINATION_SHIFT = 24,		/* in the upper half */
	NOBODY = 0xffffffff,		/* what reads where no chip is */
};

static struct ioapic {
	char		*registers;
	uint32_t	gsi_base;
	uint32_t	inputs;
} chips[MADT_IOAPICS_MAX];

static unsigned nchips;

static uint32_t
chip_read(const struct ioapic *chip, uint32_t reg)
{
	mmio_write32(chip->registers + IOREGSEL, reg);
	return mmio_read32(chip->registers + IOWIN);
}

static void
chip_write(const struct ioapic *chip, uint32_t reg, uint32_t value)
{
	mmio_write32(chip->registers + IOREGSEL, reg);
	mmio_write32(chip->registers + IOWIN, value);
}

static struct ioapic *
chip_of(uint32_t line)
{
	for (unsigned i = 0; i < nchips; i++) {
		if (line - chips[i].gsi_base < chips[i].inputs)
			return &chips[i];
	}
	return NULL;
}

/* Number of the lower half's register. */
static uint32_t
register_of(const struct ioapic *chip, uint32_t line)
{
	return IOREDTBL + 2 * (line - chip->gsi_base);
}

bool
ioapic_has(uint32_t line)
{
	return chip_of(line) != NULL;
}

void
ioapic_about(void)
{
	for (unsigned i = 0; i < nchips; i++)
		console_printf("I/O APIC at 0x%lx, lines %u to %u\n",
		    virt_to_phys(chips[i].registers), chips[i].gsi_base,
		    chips[i].gsi_base + chips[i].inputs - 1);
}

uint32_t
ioapic_entry(uint32_t line)
{
	const struct ioapic *chip = chip_of(line);

	assert(chip);
	return chip_read(chip, register_of(chip, line));
}

/* Masked while the halves do not belong together. */
void
ioapic_route(uint32_t line, uint32_t apic_id, uint32_t entry)
{
	const struct ioapic *chip = chip_of(line);

	assert(chip);
	chip_write(chip, register_of(chip, line), IOAPIC_MASKED);
	chip_write(chip, register_of(chip, line) + 1,
	    apic_id << DESTINATION_SHIFT);
	chip_write(chip, register_of(chip, line), entry);
}

void
ioapic_mask(uint32_t line, bool masked)
{
	const struct ioapic *chip = chip_of(line);
	uint32_t entry;

	assert(chip);
	entry = chip_read(chip, register_of(chip, line));
	entry = masked ? entry | IOAPIC_MASKED
	    : entry & ~(uint32_t)IOAPIC_MASKED;
	chip_write(chip, register_of(chip, line), entry);
}

/* Why a chip cannot be used; NULL: it can. */
static const char *
objection(const struct madt_ioapic *wanted, struct ioapic *chip)
{
	uint32_t version;

	if (!direct_map_shows(wanted->address, PAGE_SIZE))
		return "is out of reach";
	/* Registers are no memory: to write them there would spoil it. */
	if (boot_memory_at(boot_facts(), wanted->address, PAGE_SIZE))
		return "is in memory";
	chip->registers = phys_to_virt(wanted->address);
	chip->gsi_base = wanted->gsi_base;
	version = chip_read(chip, IOAPICVER);
	if (version == NOBODY || version == 0)
		return "does not answer";
	chip->inputs = (version >> VERSION_LAST_SHIFT & VERSION_LAST_MASK) + 1;
	for (unsigned i = 0; i < nchips; i++) {
		if (chip->gsi_base < chips[i].gsi_base + chips[i].inputs &&
		    chips[i].gsi_base < chip->gsi_base + chip->inputs)
			return "has lines of another";
	}
	return NULL;
}

static void
mask_all(const struct ioapic *chip)
{
	for (uint32_t i = 0; i < chip->inputs; i++)
		ioapic_route(chip->gsi_base + i, 0, IOAPIC_MASKED);
}

int
ioapic_start(const struct madt *madt)
{
	nchips = 0;
	for (unsigned i = 0; i < madt->nioapics; i++) {
		const struct madt_ioapic *wanted = &madt->ioapics[i];
		const char *why = objection(wanted, &chips[nchips]);

		if (why) {
			printk(LOG_WARNING "ioapic %u at 0x%lx %s\n",
			    wanted->id, wanted->address, why);
			continue;
		}
		mask_all(&chips[nchips++]);
	}
	return nchips ? 0 : -ENODEV;
}
