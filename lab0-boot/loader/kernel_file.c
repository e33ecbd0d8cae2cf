/* SPDX-License-Identifier: MIT */
/*
 * kernel_file.c - the kernel on the disk, as tools/mkdisk.py writes it.
 *
 * Owns      the header sector, once read.
 * Offers    kernel_file_read.
 * Stands on disk, memory, crc32, report.
 */
#include "kernel_file.h"

#include <stdbool.h>

#include "crc32.h"
#include "disk.h"
#include "memory.h"
#include "report.h"
#include "string.h"

enum { HEADER_VERSION = 1 };

static struct kernel_header header;

/* The header as the CRC sees it. */
static uint32_t
header_crc(void)
{
	uint32_t stored = header.header_crc32;
	uint32_t crc;

	header.header_crc32 = 0;
	crc = crc32(&header, sizeof(header));
	header.header_crc32 = stored;
	return crc;
}

static void
header_check(const struct partition *partition)
{
	uint64_t room = (uint64_t)(partition->sectors - 1) * SECTOR_BYTES;

	if (memcmp(header.magic, "STRATA-K", sizeof(header.magic)) != 0)
		report_fail("kernel header", "no kernel there (wrong magic)");
	if (header.header_crc32 != header_crc())
		report_fail("kernel header", "wrong CRC32");
	if (header.version != HEADER_VERSION)
		report_fail("kernel header", "unknown version");
	if (header.elf_bytes == 0 || header.elf_bytes > room)
		report_fail("kernel header", "length is not the partition's");
	header.cmdline[KERNEL_CMDLINE_BYTES - 1] = '\0';
}

static void
read_failed(unsigned error)
{
	report_failure("kernel file");
	report_text("disk read error ");
	report_hex(error);
	report_stop(RUN_LOADER);
}

static void
crc_check(const struct elf_file *file)
{
	uint32_t crc = crc32(file->bytes, file->size);

	if (crc == header.elf_crc32)
		return;
	report_failure("kernel file");
	report_text("CRC32 is ");
	report_hex(crc);
	report_text(", the header says ");
	report_hex(header.elf_crc32);
	report_stop(RUN_LOADER);
}

/* The first call brings the header with as much of the file as it takes. */
void
kernel_file_read(struct elf_file *file, const char **cmdline)
{
	struct partition partition;
	unsigned sectors = DISK_READ_MAX;
	uint32_t first, place;
	unsigned error;

	if (!disk_partition(PARTITION_STRATA, &partition) ||
	    partition.sectors == 0)
		report_fail("partition table", "no partition of type DAh");
	if (sectors > partition.sectors)
		sectors = partition.sectors;
	error = disk_read_bounce(partition.lba, sectors);
	if (error != 0)
		read_failed(error);
	memcpy(&header, bounce, sizeof(header));
	header_check(&partition);

	place = memory_highest(header.elf_bytes);
	if (place == 0)
		report_fail("kernel file", "no usable memory is large enough");
	first = (sectors - 1) * SECTOR_BYTES;
	if (first > header.elf_bytes)
		first = header.elf_bytes;
	memcpy((void *)place, bounce + SECTOR_BYTES, first);
	error = disk_read((uint64_t)partition.lba + sectors,
	    (void *)(place + first), header.elf_bytes - first);
	if (error != 0)
		read_failed(error);
	*file = (struct elf_file){ (const uint8_t *)place, header.elf_bytes };
	crc_check(file);
	*cmdline = header.cmdline;
}
