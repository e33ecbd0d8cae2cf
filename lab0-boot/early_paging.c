/* SPDX-License-Identifier: MIT */
/*
 * early_paging.c - the image's rights, before anything else runs.
 *
 * Owns      the image's page directory and page tables.
 * Offers    early_paging_protect.
 * Stands on the tables that long_mode_enter built, found through CR3, so that
 *           it holds for any right solution of exercise 0.5.
 * Source    Intel SDM 3A "4-Level Paging", "Access Rights".
 */
#include "early_paging.h"

#include <lab0/cpu.h>
#include <lab0/memory_layout.h>

enum {
	ENTRIES = 512,
	IMAGE_TABLES = 4,	/* 8 MiB of physical memory; kernel.ld checks */
};

static uint64_t directory[ENTRIES] aligned(PAGE_SIZE);
static uint64_t tables[IMAGE_TABLES][ENTRIES] aligned(PAGE_SIZE);

/* Which slot of a table maps `address`; level 1 is the page table. */
static unsigned
slot(vaddr_t address, unsigned level)
{
	return address >> (12 + 9 * (level - 1)) & (ENTRIES - 1);
}

static void
map_range(const char *from, const char *to, uint64_t rights)
{
	for (vaddr_t at = (vaddr_t)from; at < (vaddr_t)to; at += PAGE_SIZE)
		tables[slot(at, 2)][slot(at, 1)] = (at - KERNEL_VMA)
		    | rights | PTE_PRESENT;
}

void
early_paging_protect(void)
{
	uint64_t *pml4 = phys_to_virt(read_cr3() & PTE_ADDRESS);
	uint64_t *pdpt = phys_to_virt(pml4[slot(KERNEL_VMA, 4)] & PTE_ADDRESS);
	vaddr_t guard = (vaddr_t)boot_stack_guard;

	map_range(kernel_text, kernel_text_end, 0);
	map_range(kernel_rodata, kernel_rodata_end, PTE_NX);
	map_range(kernel_data, kernel_end, PTE_WRITE | PTE_NX);
	tables[slot(guard, 2)][slot(guard, 1)] = 0;

	for (unsigned i = 0; i < IMAGE_TABLES; i++)
		directory[i] = virt_to_phys(tables[i])
		    | PTE_PRESENT | PTE_WRITE;
	pdpt[slot(KERNEL_VMA, 3)] = virt_to_phys(directory)
	    | PTE_PRESENT | PTE_WRITE;
	pml4[0] = 0;		/* a NULL pointer faults from here on */
	write_cr3(read_cr3());
}
