/* SPDX-License-Identifier: MIT */
/*
 * kernel_file.h - the kernel on the disk, as tools/mkdisk.py writes it.
 *
 * The first partition of type DAh begins with a header sector; the ELF file
 * follows in the next sector.
 */
#ifndef LOADER_KERNEL_FILE_H
#define LOADER_KERNEL_FILE_H

#include <stdint.h>

#include "elf.h"

enum { KERNEL_CMDLINE_BYTES = 480 };

struct kernel_header {
	uint8_t magic[8];		/* "STRATA-K" */
	uint32_t version;		/* 1 */
	uint32_t elf_bytes;
	uint32_t elf_crc32;
	uint32_t header_crc32;		/* of this sector, with 0 here */
	uint8_t zero[8];
	char cmdline[KERNEL_CMDLINE_BYTES];	/* ends with a NUL */
};
_Static_assert(sizeof(struct kernel_header) == 512, "it is one sector");

/*
 * Read the kernel from the disk to the top of usable memory, and check it.
 *
 * cmdline   out: its command line
 * errors    ends the run with a message
 */
void kernel_file_read(struct elf_file *file, const char **cmdline);

#endif
