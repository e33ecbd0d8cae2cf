/* SPDX-License-Identifier: MIT */
/*
 * hpet.c - the High Precision Event Timer's main counter as a clock.
 *
 * Its table says where its registers are; they say how long a step takes, in
 * femtoseconds. Its comparators are not used: they interrupt through the same
 * lines as other devices.
 *
 * Owns      the HPET's registers.    Stands on  acpi, mmio.
 * Source    IA-PC HPET (High Precision Event Timers) Specification 1.0a, 2.3
 *           "Memory Map of Event Timer Registers", 3.2.4 "The HPET Description
 *           Table".
 */
#include <lab0/bootfacts.h>
#include <lab0/errno.h>
#include <lab0/memory_layout.h>
#include <lab1/acpi.h>
#include <lab1/mmio.h>

#include "clock_impl.h"

enum hpet_register {
	HPET_CAPABILITIES = 0x000,	/* r */
	HPET_PERIOD = 0x004,		/* r: femtoseconds a step */
	HPET_CONFIGURATION = 0x010,	/* rw */
	HPET_COUNTER = 0x0f0,		/* rw: written only when stopped */
	HPET_COUNTER_HIGH = 0x0f4,	/* 64-bit counters */
	HPET_BYTES = 0x400,
};

enum {
	HPET_CAPABILITIES_64_BITS = 1 << 13,
	HPET_CONFIGURATION_ON = 1 << 0,
	HPET_CONFIGURATION_LEGACY = 1 << 1, /* takes the PIT's interrupt away */
	HPET_PERIOD_MAX_FS = 100000000,	/* the specification's */
	HPET_PERIOD_MIN_FS = 1000000,	/* 1 GHz; ours, for clock_hz_of */
};

#define FS_PER_S	1000000000000000ul

struct packed hpet_table {
	struct acpi_header	header;
	uint32_t		id;
	struct acpi_address	base;
	uint8_t			number;
	uint16_t		minimum_step;
	uint8_t			attributes;
};
static_assert(sizeof(struct hpet_table) == 56, "HPET 1.0a, 3.2.4");

static uint8_t *registers;	/* NULL: not found */
static uint64_t hpet_hz;

static uint32_t
get(enum hpet_register at)
{
	return mmio_read32(registers + at);
}

static uint64_t
hpet_read_narrow(void)
{
	return get(HPET_COUNTER);
}

/* In halves, for not every bridge passes 8 bytes in one piece. */
static uint64_t
hpet_read_wide(void)
{
	uint32_t high = get(HPET_COUNTER_HIGH), low, before;

	do {
		before = high;
		low = get(HPET_COUNTER);
		high = get(HPET_COUNTER_HIGH);
	} while (high != before);
	return (uint64_t)high << 32 | low;
}

static uint64_t
hpet_rate(void)
{
	return hpet_hz;
}

/* Where the table says that the registers are; NULL: no table, or nonsense. */
static uint8_t *
find(void)
{
	const struct hpet_table *table =
	    (const struct hpet_table *)acpi_table("HPET", 0);
	paddr_t address;

	if (!table || table->header.length < sizeof(*table)
	    || table->base.space != 0)
		return NULL;
	address = table->base.address;
	/* A table that lies would have us write to memory of others. */
	if (address == 0 || address % 8
	    || !direct_map_shows(address, HPET_BYTES)
	    || boot_memory_at(boot_facts(), address, HPET_BYTES))
		return NULL;
	return phys_to_virt(address);
}

/* Let it count, and see that it does. */
static int
start(void)
{
	uint32_t period_fs = get(HPET_PERIOD);
	uint32_t configuration = get(HPET_CONFIGURATION);
	uint32_t count;

	if (period_fs < HPET_PERIOD_MIN_FS || period_fs > HPET_PERIOD_MAX_FS)
		return -EINVAL;
	hpet_hz = (FS_PER_S + period_fs / 2) / period_fs;
	configuration &= ~(uint32_t)HPET_CONFIGURATION_LEGACY;
	mmio_write32(registers + HPET_CONFIGURATION,
	    configuration | HPET_CONFIGURATION_ON);
	count = get(HPET_COUNTER);
	for (unsigned i = 0; i < 100; i++) {
		clock_dawdle();
		if (get(HPET_COUNTER) != count)
			return 0;
	}
	return -EIO;
}

static int
hpet_probe(void)
{
	int err;

	registers = find();
	if (!registers)
		return -ENODEV;
	if (get(HPET_CAPABILITIES) & HPET_CAPABILITIES_64_BITS) {
		hpet_clock.read = hpet_read_wide;
		hpet_clock.mask = UINT64_MAX;
	}
	err = start();
	if (err)
		registers = NULL;
	return err;
}

struct clock_source hpet_clock = {
	.choice = { .name = "hpet", .rating = 200, .probe = hpet_probe },
	.read = hpet_read_narrow,
	.hz = hpet_rate,
	.mask = UINT32_MAX,
};
SET_ADD(clock, hpet_clock);
