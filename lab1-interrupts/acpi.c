/* SPDX-License-Identifier: MIT */
/*
 * acpi.c - this machine's ACPI tables.
 *
 * Owns      the list; the options acpi=; the monitor command acpi.
 * Offers    acpi_table, acpi_tables, acpi_memory.
 * Stands on acpi_list, boot_facts (which has the root pointer, or has searched
 *           the BIOS's memory for it); the direct map.
 */
#include <lab1/acpi.h>

#include <lab0/bootfacts.h>
#include <lab0/errno.h>
#include <lab0/init.h>
#include <lab0/memory_layout.h>
#include <lab0/monitor.h>
#include <lab0/option.h>
#include <lab0/printk.h>
#include <lab0/string.h>

OPTION(acpi, "off|raw@ADDRESS",
    "leave ACPI's tables alone; test: the root pointer is there");

static struct acpi_tables tables;

/* A reader of physical memory as far as it is mapped at boot. */
static const void *
direct_map_at(const struct acpi_reader *reader, paddr_t address,
    size_t len_bytes)
{
	(void)reader;
	return direct_map_shows(address, len_bytes) ? phys_to_virt(address)
	    : NULL;
}

static void
log_warning(const struct acpi_reader *reader, const char *text)
{
	(void)reader;
	printk(LOG_WARNING "acpi: %s\n", text);
}

const struct acpi_reader acpi_memory = {
	.at = direct_map_at, .warn = log_warning,
};

const struct acpi_tables *
acpi_tables(void)
{
	return &tables;
}

const struct acpi_header *
acpi_table(const char *signature, unsigned n)
{
	for (unsigned i = 0; i < tables.ntables; i++) {
		const struct acpi_table *table = &tables.tables[i];

		if (table->verdict == ACPI_GOOD &&
		    strcmp(table->signature, signature) == 0 && n-- == 0)
			return phys_to_virt(table->address);
	}
	return NULL;
}

/* "raw@ADDRESS": the root pointer's bytes, NULL if they cannot be read. */
static const void *
raw_rsdp(const char *option)
{
	uint64_t address;
	const void *bytes;

	if (!str_starts_with(option, "raw@") ||
	    strtou64(option + 4, NULL, 0, &address)) {
		printk(LOG_WARNING "acpi=%s: expected off or raw@ADDRESS; "
		    "going on without ACPI\n", option);
		return NULL;
	}
	bytes = direct_map_at(&acpi_memory, address, ACPI_RSDP_BYTES);
	if (!bytes)
		printk(LOG_WARNING "acpi: the RSDP at 0x%lx is not in memory "
		    "that can be read; there is no ACPI\n", address);
	return bytes;
}

static int
acpi_init(void)
{
	const char *option = option_get("acpi");
	const void *rsdp = boot_facts()->rsdp_copy;
	unsigned rsdp_bytes = boot_facts()->rsdp_bytes;

	if (option && strcmp(option, "off") == 0) {
		printk(LOG_INFO "acpi: off, as asked for\n");
		return 0;
	}
	if (option) {
		rsdp = raw_rsdp(option);
		rsdp_bytes = rsdp ? ACPI_RSDP_BYTES : 0;
		if (!rsdp)
			return 0;
	}
	if (rsdp_bytes == 0)
		printk(LOG_INFO "acpi: this machine has none\n");
	else if (acpi_list(&acpi_memory, rsdp, rsdp_bytes, &tables) == 0)
		printk(LOG_DEBUG "acpi: %u tables by %s\n", tables.ntables,
		    tables.root.signature);
	return 0;
}
INIT(acpi_init);

static void
show(const struct acpi_table *table)
{
	console_printf("  %016lx %8u  %s revision %u  %s\n", table->address,
	    table->length, table->signature, table->revision,
	    acpi_verdict_text(table->verdict));
}

static int
acpi_command(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return -EINVAL;
	if (!tables.root.address) {
		console_printf("no ACPI\n");
		return 0;
	}
	console_printf("  address             bytes  table\n");
	show(&tables.root);
	for (unsigned i = 0; i < tables.ntables; i++)
		show(&tables.tables[i]);
	return 0;
}
MONITOR_COMMAND(acpi, "", "the firmware's tables", acpi_command);
