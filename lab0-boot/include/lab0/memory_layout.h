/* SPDX-License-Identifier: MIT */
/*
 * memory_layout.h - the kernel's address space, written once.
 *
 * docs/architecture.md section 5 draws it. Assembly gets what it needs from
 * offsets.inc, which the build makes with offsets.c.
 */
#ifndef LAB0_MEMORY_LAYOUT_H
#define LAB0_MEMORY_LAYOUT_H

#include <lab0/types.h>

#define PAGE_SIZE		4096ul
#define PAGE_SIZE_2M		0x200000ul
#define DIRECT_MAP		0xffff800000000000ul	/* physical memory */
#define DIRECT_MAP_BOOT_BYTES	0x100000000ul		/* mapped at boot */
#define KERNEL_VMA		0xffffffff80000000ul	/* image - physical */

/* Bits of a page-table entry. Source: Intel SDM 3A "4-Level Paging". */
#define PTE_PRESENT		0x001ul
#define PTE_WRITE		0x002ul
#define PTE_USER		0x004ul
#define PTE_LARGE		0x080ul			/* in a PD: 2 MiB */
#define PTE_NX			0x8000000000000000ul
#define PTE_ADDRESS		0x000ffffffffff000ul

/* Symbols of kernel.ld; page aligned. Only their addresses mean anything. */
extern char kernel_start[], kernel_end[];	/* higher half, all */
extern char kernel_text[], kernel_text_end[];	/* r-x */
extern char kernel_rodata[], kernel_rodata_end[]; /* r-- */
extern char kernel_data[], kernel_data_end[];	/* rw-, with bss */
extern char boot_stack_guard[];			/* unmapped page */
extern char boot_stack[], boot_stack_top[];

/*
 * Where the direct map shows a physical address. At boot it reaches
 * DIRECT_MAP_BOOT_BYTES; lab 2 extends it to all memory.
 */
static inline void *
phys_to_virt(paddr_t address)
{
	return (void *)(address + DIRECT_MAP);
}

/* Whether it shows all of these bytes. */
static inline bool
direct_map_shows(paddr_t address, uint64_t len_bytes)
{
	return address < DIRECT_MAP_BOOT_BYTES &&
	    len_bytes <= DIRECT_MAP_BOOT_BYTES - address;
}

/* Physical address of a pointer into the direct map or the kernel image. */
static inline paddr_t
virt_to_phys(const void *pointer)
{
	vaddr_t address = (vaddr_t)pointer;

	return address >= KERNEL_VMA ? address - KERNEL_VMA
	    : address - DIRECT_MAP;
}

#endif
