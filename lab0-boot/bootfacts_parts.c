/* SPDX-License-Identifier: MIT */
/*
 * bootfacts_parts.c - what the parsers of boot information share.
 *
 * Offers    bootfacts_warn, bootfacts_add_memory, bootfacts_append_cmdline,
 *           boot_memory_usable, boot_memory_at, memory_type_name.
 * Stands on string.h; also builds on the host.
 */
#include <lab0/bootfacts.h>

#include <lab0/errno.h>
#include <lab0/string.h>

void
bootfacts_warn(const struct boot_reader *reader, struct boot_facts *facts,
    const char *what, uint64_t value)
{
	facts->nwarnings++;
	reader->warn(reader, what, value);
}

void
bootfacts_add_memory(const struct boot_reader *reader,
    struct boot_facts *facts, const struct memmap_entry *entry)
{
	if (facts->nmemmap < BOOT_MEMMAP_MAX) {
		facts->memmap[facts->nmemmap++] = *entry;
		return;
	}
	if (!facts->memmap_full)
		bootfacts_warn(reader, facts, "the memory map is cut, entries",
		    BOOT_MEMMAP_MAX);
	facts->memmap_full = true;
}

int
bootfacts_append_cmdline(struct boot_facts *facts, const char *options,
    size_t len_bytes)
{
	size_t have = strlen(facts->cmdline);
	size_t blank = have > 0;

	len_bytes = strnlen(options, len_bytes);
	if (have + blank + len_bytes >= sizeof(facts->cmdline))
		return -E2BIG;

	if (blank)
		facts->cmdline[have] = ' ';
	memcpy(&facts->cmdline[have + blank], options, len_bytes);
	facts->cmdline[have + blank + len_bytes] = '\0';
	return 0;
}

uint64_t
boot_memory_usable(const struct boot_facts *facts)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < facts->nmemmap; i++)
		if (facts->memmap[i].type == MEMORY_USABLE)
			sum += facts->memmap[i].length;
	return sum;
}

bool
boot_memory_at(const struct boot_facts *facts, paddr_t address,
    uint64_t len_bytes)
{
	for (unsigned i = 0; i < facts->nmemmap; i++) {
		const struct memmap_entry *entry = &facts->memmap[i];

		if (entry->type != MEMORY_RESERVED &&
		    (address < entry->base ?
		    entry->base - address < len_bytes && entry->length > 0 :
		    address - entry->base < entry->length))
			return true;
	}
	return false;
}

const char *
memory_type_name(uint32_t type)
{
	static const char *const names[] = {
		[MEMORY_USABLE] = "usable",
		[MEMORY_RESERVED] = "reserved",
		[MEMORY_ACPI] = "ACPI tables",
		[MEMORY_ACPI_NVS] = "ACPI storage",
		[MEMORY_BAD] = "bad",
	};

	if (type == 0 || type >= ARRAY_SIZE(names))
		return "unknown";
	return names[type];
}
