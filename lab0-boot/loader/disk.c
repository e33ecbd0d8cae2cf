/* SPDX-License-Identifier: MIT */
/*
 * disk.c - reads from the drive that the machine was started from.
 *
 * Owns      bounce, the 64 KiB that the BIOS reads to: it cannot reach above
 *           1 MiB, and its DMA may not cross a 64 KiB boundary.
 * Offers    disk_select, disk_partition, disk_read, disk_read_bounce.
 * Stands on INT 13h extensions, which the boot sector has checked; the boot
 *           sector's partition table, still in memory.
 * Source    Enhanced Disk Drive Specification 3.0 (Phoenix), 4.3.
 */
#include "disk.h"

#include "bios.h"
#include "string.h"

enum { READ_TRIES = 4 };

/* INT 13h AH=42h wants one of these. */
struct address_packet {
	uint8_t bytes, zero;
	uint16_t blocks;
	uint16_t offset, segment;
	uint64_t lba;
};
_Static_assert(sizeof(struct address_packet) == 16, "the BIOS sees it");

struct partition_entry {
	uint8_t active, first_chs[3];
	uint8_t type, last_chs[3];
	uint32_t lba, sectors;
} __attribute__((packed));			/* it lies at an odd word */
_Static_assert(sizeof(struct partition_entry) == 16, "it is on the disk");

static uint8_t drive;

void
disk_select(uint8_t number)
{
	drive = number;
}

uint8_t
disk_drive(void)
{
	return drive;
}

bool
disk_partition(uint8_t type, struct partition *partition)
{
	const struct partition_entry *table = (const void *)partition_table;

	for (unsigned i = 0; i < 4; i++) {
		if (table[i].type == type) {
			*partition = (struct partition){
				i, table[i].lba, table[i].sectors,
			};
			return true;
		}
	}
	return false;
}

static void
disk_reset(void)
{
	struct bios_regs regs = { .eax = 0x0000, .edx = drive };

	bios_call(0x13, &regs);
}

unsigned
disk_read_bounce(uint64_t lba, unsigned sectors)
{
	unsigned error = 0;

	for (unsigned try = 0; try < READ_TRIES; try++) {
		/* Made anew each time: a failure may change the block count. */
		struct address_packet packet = {
			.bytes = sizeof(packet), .blocks = sectors, .lba = lba,
			.segment = (uint32_t)bounce >> 4,
		};
		struct bios_regs regs = { .eax = 0x4200, .edx = drive,
			.esi = (uint32_t)&packet };

		bios_call(0x13, &regs);
		if (!(regs.eflags & BIOS_CARRY))
			return 0;
		error = regs.eax >> 8 & 0xff;
		disk_reset();
	}
	return error != 0 ? error : 0xff;	/* FFh: the BIOS does not say */
}

unsigned
disk_read(uint64_t lba, void *to, uint32_t bytes)
{
	uint8_t *next = to;

	while (bytes > 0) {
		unsigned sectors = DISK_READ_MAX;
		uint32_t part = DISK_READ_MAX * SECTOR_BYTES;
		unsigned error;

		if (part > bytes) {
			part = bytes;
			sectors = (part + SECTOR_BYTES - 1) / SECTOR_BYTES;
		}
		error = disk_read_bounce(lba, sectors);
		if (error != 0)
			return error;
		memcpy(next, bounce, part);
		lba += sectors;
		next += part;
		bytes -= part;
	}
	return 0;
}
