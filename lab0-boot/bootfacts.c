/* SPDX-License-Identifier: MIT */
/*
 * bootfacts.c - what the boot loader told, copied to where it stays.
 *
 * Owns      the facts, the option memmap=.
 * Offers    boot_facts, bootfacts_init.
 * Stands on multiboot2, pvh, fwcfg, option; the direct map.
 */
#include <lab0/bootfacts.h>

#include <lab0/errno.h>
#include <lab0/fwcfg.h>
#include <lab0/memory_layout.h>
#include <lab0/multiboot2.h>
#include <lab0/option.h>
#include <lab0/printk.h>
#include <lab0/pvh.h>
#include <lab0/string.h>
#include <lab0/verdict.h>

OPTION(memmap, "raw@ADDRESS,COUNT", "test: E820 entries of 20 bytes instead "
    "of the loader's map");

enum {
	E820_BYTES = 20,
	BIOS_EBDA_SEGMENT = 0x40e,	/* word: where the BIOS keeps data */
	BIOS_EBDA_BYTES = 1024,
	BIOS_ROM = 0xe0000,
	BIOS_ROM_BYTES = 0x20000,
	RSDP_ALIGN = 16,
	RSDP_OLD_BYTES = 20,
	RSDP_REVISION = 15,
};

static struct boot_facts facts = {
	.door = "none", .boot_device = BOOT_NO_DEVICE,
};

static const void *
direct_map_at(const struct boot_reader *reader, paddr_t address,
    size_t len_bytes)
{
	(void)reader;
	return direct_map_shows(address, len_bytes) ? phys_to_virt(address)
	    : NULL;
}

static void
log_warning(const struct boot_reader *reader, const char *what, uint64_t value)
{
	(void)reader;
	printk(LOG_WARNING "%s 0x%lx\n", what, value);
}

static const struct boot_reader reader = {
	.at = direct_map_at, .warn = log_warning,
};

const struct boot_facts *
boot_facts(void)
{
	return &facts;
}

static void
read_token(void)
{
	char token[8];

	if (fwcfg_read("opt/strata/token", token, sizeof(token)) ==
	    sizeof(token))
		verdict_set_token(token);
}

static void
read_more_options(void)
{
	char more[BOOT_CMDLINE_BYTES];
	ssize_t len = fwcfg_read("opt/strata/cmdline", more, sizeof(more));

	if (len <= 0)
		return;
	if ((size_t)len > sizeof(more) ||
	    bootfacts_append_cmdline(&facts, more, (size_t)len))
		bootfacts_warn(&reader, &facts, "fw_cfg: opt/strata/cmdline "
		    "is too long and left out, bytes", (uint64_t)len);
}

/* "raw@ADDRESS,COUNT" */
static bool
parse_raw(const char *text, uint64_t *address, uint64_t *count)
{
	return str_starts_with(text, "raw@") &&
	    !strtou64(text + 4, &text, 0, address) && *text++ == ',' &&
	    !strtou64(text, NULL, 0, count);
}

/* The same bytes that BIOS call E820 would have given. */
static void
read_raw_memmap(paddr_t address, uint64_t count)
{
	struct memmap_entry entry = { 0 };

	facts.nmemmap = 0;
	for (uint64_t i = 0; i < count && i <= BOOT_MEMMAP_MAX; i++) {
		const void *bytes = direct_map_at(&reader,
		    address + i * E820_BYTES, E820_BYTES);

		if (!bytes) {
			bootfacts_warn(&reader, &facts, "memmap=: leaves "
			    "memory at", address + i * E820_BYTES);
			return;
		}
		memcpy(&entry, bytes, E820_BYTES);
		bootfacts_add_memory(&reader, &facts, &entry);
	}
}

static void
obey_memmap_option(void)
{
	const char *value;
	uint64_t address, count;

	option_parse(facts.cmdline);
	value = option_get("memmap");
	if (!value)
		return;
	if (parse_raw(value, &address, &count))
		read_raw_memmap(address, count);
	else
		printk(LOG_WARNING "memmap=%s: expected raw@ADDRESS,COUNT\n",
		    value);
}

static bool
is_rsdp(const uint8_t *bytes)
{
	uint8_t sum = 0;

	if (memcmp(bytes, "RSD PTR ", 8) != 0)
		return false;
	for (unsigned i = 0; i < RSDP_OLD_BYTES; i++)
		sum += bytes[i];
	return sum == 0;
}

/* Source: ACPI 6.3, 5.2.5.1 "Finding the RSDP on IA-PC Systems". */
static bool
search_rsdp(paddr_t from, size_t len_bytes)
{
	for (paddr_t at = from; at < from + len_bytes; at += RSDP_ALIGN) {
		const uint8_t *bytes = phys_to_virt(at);

		if (!is_rsdp(bytes))
			continue;
		facts.rsdp = at;
		facts.rsdp_bytes = bytes[RSDP_REVISION] >= 2 ?
		    BOOT_RSDP_BYTES : RSDP_OLD_BYTES;
		memcpy(facts.rsdp_copy, bytes, facts.rsdp_bytes);
		return true;
	}
	return false;
}

/* A tag's copy lies in memory that will be used again: point at our own. */
static void
settle_rsdp(uint32_t magic)
{
	uint16_t segment;

	if (facts.rsdp && magic == BOOT_MAGIC_MULTIBOOT2)
		facts.rsdp = virt_to_phys(facts.rsdp_copy);
	if (facts.rsdp)
		return;
	memcpy(&segment, phys_to_virt(BIOS_EBDA_SEGMENT), sizeof(segment));
	if (!search_rsdp((paddr_t)segment << 4, BIOS_EBDA_BYTES))
		search_rsdp(BIOS_ROM, BIOS_ROM_BYTES);
}

int
bootfacts_init(uint32_t magic, paddr_t info)
{
	int err = -EINVAL;

	read_token();
	if (magic == BOOT_MAGIC_MULTIBOOT2)
		err = multiboot2_parse(&reader, info, &facts);
	else if (magic == BOOT_MAGIC_PVH)
		err = pvh_parse(&reader, info, &facts);
	if (err)
		printk(LOG_ERR "no boot information: magic 0x%x at 0x%lx\n",
		    magic, info);
	read_more_options();
	obey_memmap_option();
	settle_rsdp(magic);
	return err;
}
