/* SPDX-License-Identifier: MIT */
/*
 * madt_test.c - MADTs of all qualities; no hardware.
 */
#include <lab1/madt.h>

#include <lab0/errno.h>
#include <lab0/ktest.h>
#include <lab0/string.h>

enum {
	ROUNDS = 400,
	HEAD = 44,			/* table header, address, flags */
};

static uint8_t table[2048] aligned(8);
static uint32_t used;
static struct madt parsed;
static char last_warning[ACPI_WARNING_MAX];

static void
keep_warning(const struct acpi_reader *reader, const char *text)
{
	(void)reader;
	strscpy(last_warning, text, sizeof(last_warning));
}

/* A parser of one table asks for no memory. */
static const struct acpi_reader reader = { .warn = keep_warning };

static void
put(const void *bytes, size_t len_bytes)
{
	memcpy(&table[used], bytes, len_bytes);
	used += (uint32_t)len_bytes;
}

#define PUT(...) \
	do { \
		static const uint8_t bytes_to_put[] = { __VA_ARGS__ }; \
		put(bytes_to_put, sizeof(bytes_to_put)); \
	} while (0)

static void
begin(void)
{
	memset(table, 0, sizeof(table));
	used = 0;
	PUT('A', 'P', 'I', 'C');
	used = 36;
	PUT(0x00, 0x00, 0xe0, 0xfe, 1, 0, 0, 0);
	last_warning[0] = '\0';
}

static int
parse(void)
{
	memcpy(&table[4], &used, sizeof(used));
	return madt_parse(&reader, (struct acpi_header *)table, &parsed);
}

/* What a PC has. */
static void
put_usual(void)
{
	PUT(0, 8, 0, 0, 1, 0, 0, 0);			/* CPU 0 */
	PUT(0, 8, 1, 2, 0, 0, 0, 0);			/* no CPU there */
	PUT(1, 12, 5, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0);	/* I/O APIC */
	PUT(2, 10, 0, 0, 2, 0, 0, 0, 0, 0);		/* PIT on line 2 */
	PUT(2, 10, 0, 9, 9, 0, 0, 0, 0x0d, 0);		/* level, high */
	PUT(4, 6, 0xff, 0, 0, 1);			/* NMI at LINT1 */
}

KTEST(madt_the_usual_table_is_understood, .needs = "0.2")
{
	begin();
	put_usual();
	expect_eq(parse(), 0);
	expect_eq(parsed.nwarnings, 0);
	expect_eq(parsed.lapic_address, 0xfee00000);
	expect(parsed.has_8259);
	expect_eq(parsed.ncpus, 1);
	expect_eq(parsed.cpus[0].apic_id, 0);
	expect(parsed.cpus[0].enabled);
	expect_eq(parsed.nioapics, 1);
	expect_eq(parsed.ioapics[0].id, 5);
	expect_eq(parsed.ioapics[0].address, 0xfec00000);
	expect_eq(parsed.isa_overridden, 1 << 0 | 1 << 9);
	expect_eq(parsed.isa[0].gsi, 2);
	expect_eq(parsed.isa[0].trigger, IRQ_EDGE);
	expect_eq(parsed.isa[9].trigger, IRQ_LEVEL);
	expect_eq(parsed.isa[9].polarity, IRQ_HIGH);
	expect_eq(parsed.isa[4].gsi, 4);
	expect_eq(parsed.nlocal_nmis, 1);
	expect_eq(parsed.local_nmis[0].uid, MADT_ALL_CPUS);
	expect_eq(parsed.local_nmis[0].lint, 1);
}

KTEST(madt_flags_are_polarity_and_trigger, .needs = "0.2")
{
	static const struct {
		uint8_t		flags;
		enum irq_polarity polarity;
		enum irq_trigger trigger;
		bool		warns;
	} cases[] = {
		{ 0x0, IRQ_HIGH, IRQ_EDGE, false },	/* ISA's own */
		{ 0x5, IRQ_HIGH, IRQ_EDGE, false },
		{ 0x7, IRQ_LOW, IRQ_EDGE, false },
		{ 0xd, IRQ_HIGH, IRQ_LEVEL, false },
		{ 0xf, IRQ_LOW, IRQ_LEVEL, false },
		{ 0xc, IRQ_HIGH, IRQ_LEVEL, false },
		{ 0x3, IRQ_LOW, IRQ_EDGE, false },
		{ 0x2, IRQ_HIGH, IRQ_EDGE, true },
		{ 0x8, IRQ_HIGH, IRQ_EDGE, true },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t bytes[] = { 2, 10, 0, 5, 21, 0, 0, 0, cases[i].flags,
			0 };

		begin();
		put(bytes, sizeof(bytes));
		expect_eq(parse(), 0);
		expect_eq(parsed.isa[5].gsi, 21);
		expect_eq(parsed.isa[5].polarity, cases[i].polarity);
		expect_eq(parsed.isa[5].trigger, cases[i].trigger);
		expect_eq(parsed.nwarnings, cases[i].warns);
	}
}

KTEST(madt_x2apic_entries_have_32_bit_numbers, .needs = "0.2")
{
	begin();
	PUT(9, 16, 0, 0, 0x78, 0x56, 0x34, 0x12, 1, 0, 0, 0, 7, 0, 0, 0);
	PUT(9, 16, 0, 0, 0x79, 0x56, 0x34, 0x12, 2, 0, 0, 0, 8, 0, 0, 0);
	PUT(10, 12, 3, 0, 7, 0, 0, 0, 1, 0, 0, 0);
	PUT(5, 12, 0, 0, 0, 0x10, 0xe0, 0xfe, 1, 0, 0, 0);
	PUT(3, 8, 7, 0, 20, 0, 0, 0);
	expect_eq(parse(), 0);
	expect_eq(parsed.nwarnings, 0);
	expect_eq(parsed.ncpus, 2);
	expect_eq(parsed.cpus[0].apic_id, 0x12345678);
	expect_eq(parsed.cpus[0].uid, 7);
	expect(!parsed.cpus[1].enabled);
	expect(parsed.cpus[1].can_come);
	expect_eq(parsed.local_nmis[0].uid, 7);
	expect_eq(parsed.local_nmis[0].polarity, IRQ_LOW);
	expect_eq(parsed.lapic_address, 0x1fee01000);
	expect_eq(parsed.nnmi_lines, 1);
	expect_eq(parsed.nmi_lines[0].gsi, 20);
}

KTEST(madt_a_length_of_0_ends_the_walk, .needs = "0.2")
{
	begin();
	put_usual();
	PUT(0, 0, 9, 9, 1, 0, 0, 0);
	PUT(1, 12, 6, 0, 0, 0, 0xc1, 0xfe, 24, 0, 0, 0);
	expect_eq(parse(), 0);
	expect_eq(parsed.nwarnings, 1);
	expect(strstr(last_warning, "length 0"));
	expect_eq(parsed.nioapics, 1);
	expect_eq(parsed.isa[0].gsi, 2);	/* what came before stays */
}

KTEST(madt_an_entry_longer_than_the_table_ends_the_walk, .needs = "0.2")
{
	begin();
	put_usual();
	PUT(1, 13, 6, 0, 0, 0, 0xc1, 0xfe, 24, 0, 0, 0);
	expect_eq(parse(), 0);
	expect_eq(parsed.nwarnings, 1);
	expect_eq(parsed.nioapics, 1);
	begin();
	PUT(0);					/* half a head */
	expect_eq(parse(), 0);
	expect_eq(parsed.nwarnings, 1);
}

KTEST(madt_entries_that_make_no_sense_are_left_out, .needs = "0.2")
{
	begin();
	put_usual();
	PUT(0, 8, 0, 0, 1, 0, 0, 0);			/* CPU 0 again */
	PUT(1, 12, 6, 0, 4, 0, 0xc0, 0xfe, 24, 0, 0, 0); /* odd place */
	PUT(1, 12, 6, 0, 0, 0, 0xc1, 0xfe, 0, 0, 0, 0);	/* line 0 again */
	PUT(2, 10, 0, 16, 3, 0, 0, 0, 0, 0);		/* ISA has 16 */
	PUT(2, 10, 1, 3, 3, 0, 0, 0, 0, 0);		/* not ISA */
	PUT(2, 10, 0, 9, 3, 0, 0, 0, 0, 0);		/* 9 again */
	PUT(4, 6, 0, 0, 0, 2);				/* LINT2 */
	PUT(1, 8, 6, 0, 0, 0, 0xc1, 0xfe);		/* too short */
	PUT(77, 4, 1, 2);				/* not for us */
	expect_eq(parse(), 0);
	expect_eq(parsed.nwarnings, 8);
	expect_eq(parsed.ncpus, 1);
	expect_eq(parsed.nioapics, 1);
	expect_eq(parsed.isa[9].gsi, 9);
	expect_eq(parsed.nlocal_nmis, 1);
}

KTEST(madt_too_many_of_a_kind_are_cut, .needs = "0.2")
{
	begin();
	for (unsigned i = 0; i < MADT_CPUS_MAX + 20; i++) {
		uint8_t cpu[] = { 0, 8, (uint8_t)i, (uint8_t)i, 1, 0, 0, 0 };

		put(cpu, sizeof(cpu));
	}
	for (unsigned i = 0; i < MADT_IOAPICS_MAX + 3; i++) {
		uint8_t chip[] = { 1, 12, 0, 0, 0, (uint8_t)(i << 4), 0xc0,
			0xfe, (uint8_t)(24 * i), 0, 0, 0 };

		put(chip, sizeof(chip));
	}
	expect_eq(parse(), 0);
	expect_eq(parsed.ncpus, MADT_CPUS_MAX);
	expect_eq(parsed.nioapics, MADT_IOAPICS_MAX);
	expect_eq(parsed.nwarnings, 23);
	expect(strstr(last_warning, "local APIC"));	/* the 16th line */
}

KTEST(madt_a_table_without_its_fixed_part_is_an_error, .needs = "0.2")
{
	begin();
	used = 36 + (uint32_t)ktest_random_below(HEAD - 36);
	expect_eq(parse(), -EINVAL);
	expect_eq(parsed.isa[1].gsi, 1);
	expect_eq(parsed.ncpus, 0);
}

KTEST(madt_any_bytes_end, .needs = "0.2")
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		begin();
		put_usual();
		for (unsigned n = 0; n < 1 + round % 16; n++)
			table[HEAD + ktest_random_below(used - HEAD)] =
			    (uint8_t)ktest_random();
		expect_eq(parse(), 0);
		expect(parsed.ncpus <= MADT_CPUS_MAX);
		expect(parsed.nioapics <= MADT_IOAPICS_MAX);
		expect(parsed.nlocal_nmis <= MADT_NMIS_MAX);
	}
}
