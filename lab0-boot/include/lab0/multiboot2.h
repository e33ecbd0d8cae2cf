/* SPDX-License-Identifier: MIT */
/*
 * multiboot2.h - boot information as GRUB2 and our own loader hand it over.
 *
 * A block of memory: total size, then tags, each 8-byte aligned, with type and
 * size in front. The last has type 0.
 *
 * Source    Multiboot2 Specification version 2.0, 3.6 "Boot information".
 */
#ifndef LAB0_MULTIBOOT2_H
#define LAB0_MULTIBOOT2_H

#include <lab0/bootfacts.h>
#include <lab0/types.h>

enum multiboot2_tag_type {
	MB2_TAG_END = 0,
	MB2_TAG_CMDLINE = 1,
	MB2_TAG_LOADER = 2,
	MB2_TAG_BOOT_DEVICE = 5,
	MB2_TAG_MEMMAP = 6,
	MB2_TAG_FRAMEBUFFER = 8,
	MB2_TAG_RSDP_OLD = 14,
	MB2_TAG_RSDP_NEW = 15,
};

enum { MB2_INFO_MAX_BYTES = 1 << 20 };	/* more is taken for rubbish */

/*
 * Fill the facts from a Multiboot2 tag list.
 *
 * info      physical address of the block
 * facts     zeroed by the caller; `door` is set to "own" if the loader's name
 *           starts with "Strata", else to "grub"
 *
 * Survives any bytes: what is malformed is left out with a warning, and the
 * rest is used.
 * returns   0; -EFAULT: there is no block at `info`
 */
must_check int multiboot2_parse(const struct boot_reader *reader, paddr_t info,
    struct boot_facts *facts);

#endif
