/* SPDX-License-Identifier: MIT */
/*
 * madt.c - this machine's MADT.
 *
 * Owns      the parsed table.
 * Offers    madt.
 * Stands on acpi, madt_parse.
 */
#include <lab1/madt.h>

#include <lab0/errno.h>
#include <lab0/init.h>
#include <lab0/printk.h>

static struct madt parsed;
static bool there;

const struct madt *
madt(void)
{
	return there ? &parsed : NULL;
}

static int
madt_init(void)
{
	const struct acpi_header *table = acpi_table("APIC", 0);

	if (!table)
		return 0;
	there = madt_parse(&acpi_memory, table, &parsed) == 0;
	if (parsed.nwarnings > MADT_WARNINGS_MAX)
		printk(LOG_WARNING "acpi: APIC: and %u more\n",
		    parsed.nwarnings - MADT_WARNINGS_MAX);
	return 0;
}
INIT(madt_init);
