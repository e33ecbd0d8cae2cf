/* SPDX-License-Identifier: MIT */
/*
 * multiboot2_header.h - what a kernel asks of its loader.
 */
#ifndef LOADER_MULTIBOOT2_HEADER_H
#define LOADER_MULTIBOOT2_HEADER_H

#include "elf.h"

/*
 * Find the header and obey it.
 *
 * entry     in: the ELF file's; out: the header's, if it has one
 * errors    ends the run with a message, when there is no header, or it asks
 *           for what we don't have without calling it optional
 */
void multiboot2_header_obey(const struct elf_file *file, uint32_t *entry);

#endif
