/* SPDX-License-Identifier: MIT */
/*
 * pvh.h - boot information of the PVH door, QEMU's -kernel.
 *
 * Source    Xen, docs/misc/pvh.pandoc and
 *           xen/include/public/arch-x86/hvm/start_info.h.
 */
#ifndef LAB0_PVH_H
#define LAB0_PVH_H

#include <lab0/bootfacts.h>
#include <lab0/types.h>

/* struct hvm_start_info, in memory; all numbers little endian. */
struct pvh_start_info {
	uint32_t	magic;		/* BOOT_MAGIC_PVH */
	uint32_t	version;	/* the memory map is there from 1 on */
	uint32_t	flags;
	uint32_t	nmodules;
	uint64_t	modules;
	uint64_t	cmdline;	/* 0: none */
	uint64_t	rsdp;		/* 0: unknown */
	uint64_t	memmap;
	uint32_t	memmap_entries;
	uint32_t	reserved;
};
static_assert(sizeof(struct pvh_start_info) == 56, "start_info version 1");

/*
 * Fill the facts from a PVH start info.
 *
 * info      physical address of struct pvh_start_info
 * facts     zeroed by the caller; `door` is set to "pvh"
 * returns   0; -EFAULT: nothing readable at `info`; -EINVAL: wrong magic
 */
must_check int pvh_parse(const struct boot_reader *reader, paddr_t info,
    struct boot_facts *facts);

#endif
