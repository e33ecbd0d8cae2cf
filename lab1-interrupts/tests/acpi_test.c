/* SPDX-License-Identifier: MIT */
/*
 * acpi_test.c - ACPI tables of all qualities; no hardware.
 *
 * Physical memory is an array that begins at BASE; the reader refuses all
 * else.
 */
#include <lab1/acpi.h>

#include <lab0/errno.h>
#include <lab0/ktest.h>
#include <lab0/string.h>

enum {
	BASE = 0x20000,
	BYTES = 8192,
	RSDT_AT = 64,			/* offsets of the usual tables */
	XSDT_AT = 512,
	FIRST_AT = 2048,
	TABLE_BYTES = 80,
	NTABLES = 3,
	ROUNDS = 400,
};

static uint8_t memory[BYTES];
static struct acpi_rsdp rsdp;
static struct acpi_tables list;
static char last_warning[ACPI_WARNING_MAX];

static const void *
window_at(const struct acpi_reader *reader, paddr_t address, size_t len_bytes)
{
	(void)reader;
	if (address < BASE || address - BASE > BYTES ||
	    len_bytes > BYTES - (address - BASE))
		return NULL;
	return &memory[address - BASE];
}

static void
keep_warning(const struct acpi_reader *reader, const char *text)
{
	(void)reader;
	strscpy(last_warning, text, sizeof(last_warning));
}

static const struct acpi_reader reader = {
	.at = window_at, .warn = keep_warning,
};

/* Make the byte at `where` such that the sum of all is 0. */
static void
seal(void *bytes, size_t len_bytes, size_t where)
{
	uint8_t *at = bytes, sum = 0;

	at[where] = 0;
	for (size_t i = 0; i < len_bytes; i++)
		sum = (uint8_t)(sum + at[i]);
	at[where] = (uint8_t)-sum;
}

static void
seal_table(size_t offset, uint32_t len_bytes)
{
	seal(&memory[offset], len_bytes, offsetof(struct acpi_header,
	    checksum));
}

static void
put_table(size_t offset, const char *signature, uint32_t len_bytes)
{
	struct acpi_header header = { .length = len_bytes, .revision = 1 };

	memcpy(header.signature, signature, 4);
	memcpy(&memory[offset], &header, sizeof(header));
	seal_table(offset, len_bytes);
}

/* A root table of `n` entries, the first for the table at FIRST_AT. */
static void
put_root(size_t offset, const char *signature, unsigned entry_bytes,
    unsigned n)
{
	uint32_t len_bytes = (uint32_t)sizeof(struct acpi_header) +
	    entry_bytes * n;

	for (unsigned i = 0; i < n; i++) {
		uint64_t address = BASE + FIRST_AT + i * TABLE_BYTES;

		memcpy(&memory[offset + sizeof(struct acpi_header) +
		    i * entry_bytes], &address, entry_bytes);
	}
	put_table(offset, signature, len_bytes);
}

static void
seal_rsdp(void)
{
	seal(&rsdp, ACPI_RSDP_OLD_BYTES, offsetof(struct acpi_rsdp, checksum));
	seal(&rsdp, ACPI_RSDP_BYTES, offsetof(struct acpi_rsdp,
	    extended_checksum));
}

/* Both roots and NTABLES tables, all good; the rest is rubbish. */
static void
begin(void)
{
	static const char names[NTABLES][5] = { "FACP", "APIC", "HPET" };

	for (size_t i = 0; i < sizeof(memory); i++)
		memory[i] = (uint8_t)ktest_random();
	put_root(RSDT_AT, "RSDT", 4, NTABLES);
	put_root(XSDT_AT, "XSDT", 8, NTABLES);
	for (unsigned i = 0; i < NTABLES; i++)
		put_table(FIRST_AT + i * TABLE_BYTES, names[i], TABLE_BYTES);
	rsdp = (struct acpi_rsdp){
		.revision = 2, .rsdt = BASE + RSDT_AT,
		.length = ACPI_RSDP_BYTES, .xsdt = BASE + XSDT_AT,
	};
	memcpy(rsdp.signature, "RSD PTR ", 8);
	seal_rsdp();
	last_warning[0] = '\0';
}

static int
read_list(void)
{
	return acpi_list(&reader, &rsdp, ACPI_RSDP_BYTES, &list);
}

/* Read, and judge that exactly table n has this verdict. */
static void
expect_verdict(unsigned n, enum acpi_verdict verdict)
{
	expect_eq(read_list(), 0);
	expect_eq(list.ntables, NTABLES);
	expect_eq(list.nwarnings, 1);
	for (unsigned i = 0; i < NTABLES; i++)
		expect_eq(list.tables[i].verdict, i == n ? verdict : ACPI_GOOD);
	expect(strstr(last_warning, acpi_verdict_text(verdict)));
}

KTEST(acpi_good_tables_are_listed_by_the_xsdt, .needs = "0.2")
{
	begin();
	expect_eq(read_list(), 0);
	expect_streq(list.root.signature, "XSDT");
	expect_eq(list.ntables, NTABLES);
	expect_eq(list.nwarnings, 0);
	expect_streq(list.tables[1].signature, "APIC");
	expect_eq(list.tables[1].address, BASE + FIRST_AT + TABLE_BYTES);
	expect_eq(list.tables[1].length, TABLE_BYTES);
	expect_eq(list.tables[2].verdict, ACPI_GOOD);
}

KTEST(acpi_1_has_only_the_rsdt, .needs = "0.2")
{
	begin();
	rsdp.revision = 0;
	rsdp.length = 0xdeadbeef;	/* not there in ACPI 1.0 */
	seal_rsdp();
	expect_eq(acpi_list(&reader, &rsdp, ACPI_RSDP_OLD_BYTES, &list), 0);
	expect_streq(list.root.signature, "RSDT");
	expect_eq(list.ntables, NTABLES);
	expect_eq(list.nwarnings, 0);
}

KTEST(acpi_a_bad_root_pointer_is_refused, .needs = "0.2")
{
	begin();
	rsdp.oem_id[ktest_random_below(6)] ^= 1;
	expect_eq(read_list(), -EINVAL);
	expect(strstr(last_warning, "bad checksum"));
	begin();
	memcpy(rsdp.signature, "RSD PTR!", 8);
	seal_rsdp();
	expect_eq(read_list(), -EINVAL);
	expect(strstr(last_warning, "bad signature"));
	expect_eq(list.ntables, 0);
}

KTEST(acpi_a_bad_xsdt_is_replaced_by_the_rsdt, .needs = "0.2")
{
	begin();
	memory[XSDT_AT + 20] ^= 0x40;		/* its checksum */
	expect_eq(read_list(), 0);
	expect_streq(list.root.signature, "RSDT");
	expect_eq(list.nwarnings, 1);
	begin();
	rsdp.xsdt = 1ul << 40;			/* out of memory */
	seal_rsdp();
	expect_eq(read_list(), 0);
	expect_streq(list.root.signature, "RSDT");
	begin();
	rsdp.extended_checksum ^= 1;
	expect_eq(read_list(), 0);
	expect_streq(list.root.signature, "RSDT");
}

KTEST(acpi_no_root_table_is_an_error, .needs = "0.2")
{
	begin();
	rsdp.xsdt = rsdp.rsdt = 0x1000;		/* nothing is there */
	seal_rsdp();
	expect_eq(read_list(), -EINVAL);
	expect(strstr(last_warning, "not in memory"));
	begin();
	rsdp.xsdt = 0;
	rsdp.rsdt = BASE + FIRST_AT;		/* a table, but another */
	seal_rsdp();
	expect_eq(read_list(), -EINVAL);
	expect(strstr(last_warning, "is not the RSDT"));
	expect_eq(list.ntables, 0);
}

KTEST(acpi_a_bad_table_is_left_out_alone, .needs = "0.2")
{
	unsigned n = (unsigned)ktest_random_below(NTABLES);
	size_t at = FIRST_AT + n * TABLE_BYTES;
	uint32_t length;

	begin();
	memory[at + 40 + ktest_random_below(40)] ^= 0x10;
	expect_verdict(n, ACPI_BAD_CHECKSUM);

	begin();
	length = (uint32_t)ktest_random_below(sizeof(struct acpi_header));
	memcpy(&memory[at + 4], &length, sizeof(length));
	expect_verdict(n, ACPI_TOO_SHORT);

	begin();
	length = BYTES;				/* leaves memory */
	memcpy(&memory[at + 4], &length, sizeof(length));
	expect_verdict(n, ACPI_UNREADABLE);

	begin();
	length = 0xffffffff;
	memcpy(&memory[at + 4], &length, sizeof(length));
	expect_verdict(n, ACPI_TOO_LONG);
}

KTEST(acpi_tables_that_share_bytes_count_once, .needs = "0.2")
{
	uint64_t address = BASE + FIRST_AT;

	begin();
	memcpy(&memory[XSDT_AT + 36 + 8], &address, 8);	/* listed twice */
	seal_table(XSDT_AT, 36 + 8 * NTABLES);
	expect_verdict(1, ACPI_OVERLAPS);

	begin();
	address = BASE + XSDT_AT;		/* a root that lists itself */
	memcpy(&memory[XSDT_AT + 36 + 16], &address, 8);
	seal_table(XSDT_AT, 36 + 8 * NTABLES);
	expect_verdict(2, ACPI_OVERLAPS);
}

KTEST(acpi_entries_that_point_nowhere_are_named, .needs = "0.2")
{
	uint64_t nowhere = ktest_random() | 1ul << 63;

	begin();
	memcpy(&memory[XSDT_AT + 36 + 16], &nowhere, 8);
	seal_table(XSDT_AT, 36 + 8 * NTABLES);
	expect_verdict(2, ACPI_UNREADABLE);

	begin();
	put_table(XSDT_AT, "XSDT", 36 + 8 * NTABLES - 3);
	expect_eq(read_list(), 0);
	expect_eq(list.ntables, NTABLES - 1);
	expect(strstr(last_warning, "ends inside an entry"));
}

KTEST(acpi_a_list_without_end_is_cut, .needs = "0.2")
{
	begin();
	put_root(RSDT_AT, "RSDT", 4, ACPI_TABLES_MAX + 9);
	rsdp.xsdt = 0;
	seal_rsdp();
	expect_eq(read_list(), 0);
	expect_eq(list.ntables, ACPI_TABLES_MAX);
	expect(strstr(last_warning, "more than 64 tables"));
}

/* Whatever is changed, what is called good is good. */
KTEST(acpi_any_bytes_end_in_a_list, .needs = "0.2")
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		begin();
		for (unsigned n = 0; n <= round % 8; n++)
			memory[ktest_random_below(FIRST_AT + 3 * TABLE_BYTES)] =
			    (uint8_t)ktest_random();
		if (round % 4 == 0)
			seal_table(XSDT_AT, 36 + 8 * NTABLES);
		if (read_list())
			continue;
		expect(list.ntables <= ACPI_TABLES_MAX);
		for (unsigned i = 0; i < list.ntables; i++) {
			const struct acpi_table *table = &list.tables[i];

			expect(table->verdict != ACPI_GOOD ||
			    window_at(NULL, table->address, table->length));
		}
	}
}
