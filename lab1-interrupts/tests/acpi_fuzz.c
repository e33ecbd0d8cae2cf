/* SPDX-License-Identifier: MIT */
/*
 * acpi_fuzz.c - any bytes as physical memory that begins with an RSDP; what is
 * found to be a good MADT is taken apart.
 *
 * Checksums are put right where the input's first byte says so, since hardly
 * any mutation would keep them. What the parser asks for it gets in a copy of
 * that very length, so that the sanitizer sees a read behind it.
 */
#include <lab1/acpi.h>
#include <lab1/madt.h>

#include <lab0/string.h>

#include "host.h"

enum {
	BASE = 0x9000,
	ROOM = 8192,
	COPIES = 1024,
	SEALED_ROUNDS = 40,
};

static uint8_t memory[ROOM];
static size_t size;
static void *copies[COPIES];
static unsigned ncopies;

static const void *
window_at(const struct acpi_reader *reader, paddr_t address, size_t len_bytes)
{
	uint64_t at = address - BASE;

	(void)reader;
	if (at > size || len_bytes > size - at)
		return NULL;
	host_assert(ncopies < COPIES);
	return copies[ncopies++] = host_copy(memory + at, len_bytes);
}

static void
check_warning(const struct acpi_reader *reader, const char *text)
{
	(void)reader;
	host_assert(*text && strlen(text) < ACPI_WARNING_MAX);
}

static const struct acpi_reader reader = {
	.at = window_at, .warn = check_warning,
};

static uint8_t
sum(const uint8_t *bytes, size_t len_bytes)
{
	uint8_t total = 0;

	for (size_t i = 0; i < len_bytes; i++)
		total = (uint8_t)(total + bytes[i]);
	return total;
}

/* Make `len_bytes` at an offset sum to 0, where they are in the memory. */
static void
seal(size_t offset, size_t len_bytes, size_t where)
{
	if (offset > size || len_bytes > size - offset || where >= len_bytes)
		return;
	memory[offset + where] = (uint8_t)(memory[offset + where] -
	    sum(memory + offset, len_bytes));
}

static void
seal_table(paddr_t address)
{
	uint32_t length;
	uint64_t at = address - BASE;

	if (at > size || size - at < sizeof(struct acpi_header))
		return;
	memcpy(&length, memory + at + 4, sizeof(length));
	seal(at, length, offsetof(struct acpi_header, checksum));
}

static void
seal_all(void)
{
	struct acpi_rsdp rsdp;
	static struct acpi_tables list;

	memcpy(memory, "RSD PTR ", 8);
	memcpy(&rsdp, memory, sizeof(rsdp));
	seal_table(rsdp.rsdt);
	seal_table(rsdp.xsdt);
	seal(0, ACPI_RSDP_OLD_BYTES, offsetof(struct acpi_rsdp, checksum));
	seal(0, ACPI_RSDP_BYTES, offsetof(struct acpi_rsdp,
	    extended_checksum));
	if (acpi_list(&reader, memory, ACPI_RSDP_BYTES, &list))
		return;
	for (unsigned i = 0; i < list.ntables && i < SEALED_ROUNDS; i++)
		if (list.tables[i].verdict == ACPI_BAD_CHECKSUM)
			seal_table(list.tables[i].address);
}

static void
check_madt(const struct acpi_table *table)
{
	static struct madt madt;
	const struct acpi_header *bytes = window_at(&reader, table->address,
	    table->length);

	(void)!madt_parse(&reader, bytes, &madt);
	host_assert(madt.ncpus <= MADT_CPUS_MAX);
	host_assert(madt.nioapics <= MADT_IOAPICS_MAX);
	host_assert(madt.nnmi_lines <= MADT_NMIS_MAX);
	host_assert(madt.nlocal_nmis <= MADT_NMIS_MAX);
	for (unsigned i = 0; i < madt.nlocal_nmis; i++)
		host_assert(madt.local_nmis[i].lint <= 1);
	for (unsigned i = 0; i < ISA_IRQS; i++)
		host_assert(madt.isa_overridden >> i & 1 ||
		    (madt.isa[i].gsi == i && madt.isa[i].trigger == IRQ_EDGE));
}

static void
check_list(const struct acpi_tables *list)
{
	host_assert(list->ntables <= ACPI_TABLES_MAX);
	for (unsigned i = 0; i < list->ntables; i++) {
		const struct acpi_table *table = &list->tables[i];

		host_assert(table->signature[4] == '\0');
		if (table->verdict != ACPI_GOOD)
			continue;
		host_assert(table->address - BASE <= size &&
		    table->length <= size - (table->address - BASE));
		host_assert(sum(memory + (table->address - BASE),
		    table->length) == 0);
		check_madt(table);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	static struct acpi_tables list;

	memset(memory, 0, sizeof(memory));
	size = MAX(MIN(len_bytes, sizeof(memory) + 1), 1u) - 1;
	if (len_bytes)
		memcpy(memory, bytes + 1, size);
	size = MAX(size, (size_t)ACPI_RSDP_BYTES);
	if (len_bytes && bytes[0] & 1)
		seal_all();
	if (acpi_list(&reader, memory, ACPI_RSDP_BYTES, &list) == 0)
		check_list(&list);
	else
		host_assert(list.ntables == 0);
	while (ncopies)
		host_free(copies[--ncopies]);
	return 0;
}
