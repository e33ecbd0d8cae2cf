/* SPDX-License-Identifier: MIT */
/*
 * disk.h - reads from the drive that the machine was started from.
 */
#ifndef LOADER_DISK_H
#define LOADER_DISK_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SECTOR_BYTES = 512,
	DISK_READ_MAX = 127,	/* sectors a call: some BIOSes take no more */
	PARTITION_STRATA = 0xda,
};

struct partition {
	unsigned index;		/* in the table, from 0 */
	uint32_t lba;
	uint32_t sectors;
};

/* All reads go to this BIOS drive from now on. */
void disk_select(uint8_t drive);
uint8_t disk_drive(void);

/* The first partition of a type, from the boot sector's table in memory. */
bool disk_partition(uint8_t type, struct partition *partition);

/*
 * Read into `bounce`, trying again after an error.
 *
 * sectors   1..DISK_READ_MAX
 * returns   0, or the BIOS's error code (INT 13h AH=01h lists them)
 */
unsigned disk_read_bounce(uint64_t lba, unsigned sectors);

/* Read `bytes` to any address below 4 GiB. Returns as disk_read_bounce. */
unsigned disk_read(uint64_t lba, void *to, uint32_t bytes);

#endif
