/* SPDX-License-Identifier: MIT */
/*
 * loader_main.c - stage 2 in protected mode: from the disk into the kernel.
 *
 * Offers    loader_main, which stage2.asm calls.
 * Stands on all the rest of the loader. What cannot be done is reported with
 *           its step, and ends the run.
 */
#include "loader_main.h"

#include "bios.h"
#include "disk.h"
#include "elf.h"
#include "kernel_file.h"
#include "memory.h"
#include "multiboot2_header.h"
#include "multiboot2_tags.h"
#include "report.h"

static const char *const elf_reason[] = {
	[ELF_BAD_HEADER] = "not an ELF64 program for x86-64",
	[ELF_BAD_TABLE] = "the program headers are not inside the file",
	[ELF_BAD_SEGMENT] = "a segment is not inside the file",
	[ELF_BAD_PLACE] = "a segment belongs where it can't be placed",
	[ELF_BAD_ENTRY] = "the entry is in no segment",
};

static uint32_t
kernel_place(const struct elf_file *file)
{
	uint32_t entry;
	enum elf_error error = elf_load(file, &entry);

	if (error != ELF_OK)
		report_fail("kernel ELF", elf_reason[error]);
	return entry;
}

void
loader_main(uint32_t drive)
{
	struct elf_file file;
	const char *cmdline;
	uint32_t entry, info;

	report_text("Strata loader");
	report_end();
	disk_select(drive);
	if (memory_init() != 0)
		report_fail("memory map", "INT 15h AX=E820h has failed");
	kernel_file_read(&file, &cmdline);
	entry = kernel_place(&file);
	info = multiboot2_tags_make(cmdline);
	multiboot2_header_obey(&file, &entry);
	kernel_enter(entry, info);
}
