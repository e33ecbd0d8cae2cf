/* SPDX-License-Identifier: MIT */
/*
 * pvh.c - boot facts from a PVH start info.
 *
 * Offers    pvh_parse.
 * Stands on bootfacts.h, string.h; also builds on the host.
 * Source    Xen, xen/include/public/arch-x86/hvm/start_info.h.
 */
#include <lab0/pvh.h>

#include <lab0/errno.h>
#include <lab0/string.h>

/* What every step needs. */
struct parse {
	const struct boot_reader *reader;
	struct boot_facts *facts;
};

static const void *
at(const struct parse *p, paddr_t address, size_t len_bytes)
{
	return p->reader->at(p->reader, address, len_bytes);
}

static void
warn(const struct parse *p, const char *what, uint64_t value)
{
	bootfacts_warn(p->reader, p->facts, what, value);
}

/* Byte by byte: nobody says how long it is. */
static void
take_cmdline(const struct parse *p, paddr_t address)
{
	char *to = p->facts->cmdline;

	for (unsigned i = 0; i < BOOT_CMDLINE_BYTES; i++) {
		const char *byte = at(p, address + i, 1);

		if (!byte) {
			warn(p, "pvh: the command line leaves memory at",
			    address + i);
			to[i] = '\0';
			return;
		}
		to[i] = *byte;
		if (!*byte)
			return;
	}
	warn(p, "pvh: the command line is cut, bytes", BOOT_CMDLINE_BYTES);
	to[BOOT_CMDLINE_BYTES - 1] = '\0';
}

static void
take_memmap(const struct parse *p, paddr_t address, uint32_t count)
{
	struct memmap_entry entry;

	/* One more than fits, so that the overflow is noticed. */
	for (uint32_t i = 0; i < count && i <= BOOT_MEMMAP_MAX; i++) {
		const void *bytes = at(p, address + i * sizeof(entry),
		    sizeof(entry));

		if (!bytes) {
			warn(p, "pvh: the memory map leaves memory at",
			    address + i * sizeof(entry));
			return;
		}
		memcpy(&entry, bytes, sizeof(entry));
		bootfacts_add_memory(p->reader, p->facts, &entry);
	}
}

static void
take_rsdp(const struct parse *p, paddr_t address)
{
	enum { REVISION = 15 };
	const uint8_t *bytes = at(p, address, 20);

	if (!bytes || memcmp(bytes, "RSD PTR ", 8) != 0) {
		warn(p, "pvh: not an ACPI root pointer at", address);
		return;
	}
	p->facts->rsdp_bytes = 20;
	if (bytes[REVISION] >= 2 && at(p, address, BOOT_RSDP_BYTES)) {
		bytes = at(p, address, BOOT_RSDP_BYTES);
		p->facts->rsdp_bytes = BOOT_RSDP_BYTES;
	}
	memcpy(p->facts->rsdp_copy, bytes, p->facts->rsdp_bytes);
	p->facts->rsdp = address;
}

int
pvh_parse(const struct boot_reader *reader, paddr_t info,
    struct boot_facts *facts)
{
	struct parse p = { reader, facts };
	struct pvh_start_info start;
	const void *bytes = at(&p, info, offsetof(struct pvh_start_info,
	    memmap));

	facts->boot_device = BOOT_NO_DEVICE;
	facts->door = "pvh";
	if (!bytes)
		return -EFAULT;
	memset(&start, 0, sizeof(start));
	memcpy(&start, bytes, offsetof(struct pvh_start_info, memmap));
	if (start.magic != BOOT_MAGIC_PVH)
		return -EINVAL;

	if (start.cmdline)
		take_cmdline(&p, start.cmdline);
	if (start.rsdp)
		take_rsdp(&p, start.rsdp);
	bytes = start.version >= 1 ? at(&p, info, sizeof(start)) : NULL;
	if (!bytes) {
		warn(&p, "pvh: no memory map in start info version",
		    start.version);
		return 0;
	}
	memcpy(&start, bytes, sizeof(start));
	take_memmap(&p, start.memmap, start.memmap_entries);
	return 0;
}
