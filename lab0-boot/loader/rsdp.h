/* SPDX-License-Identifier: MIT */
/*
 * rsdp.h - the door to the ACPI tables.
 */
#ifndef LOADER_RSDP_H
#define LOADER_RSDP_H

#include <stdint.h>

enum { RSDP_OLD_BYTES = 20, RSDP_NEW_BYTES = 36 };

struct rsdp {
	char signature[8];		/* "RSD PTR " */
	uint8_t checksum;		/* makes the first 20 bytes sum up to 0 */
	char oem[6];
	uint8_t revision;		/* 0: what follows `rsdt` isn't there */
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;	/* the same for all of it */
	uint8_t reserved[3];
} __attribute__((packed));
_Static_assert(sizeof(struct rsdp) == RSDP_NEW_BYTES, "the firmware has it");

/* The first one that sums up right; NULL: this machine has none. */
const struct rsdp *rsdp_find(void);

#endif
