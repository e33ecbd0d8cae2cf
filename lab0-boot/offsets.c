/* SPDX-License-Identifier: MIT */
/*
 * offsets.c - what assembly needs to know from C, counted by the compiler.
 *
 * Never linked: the build compiles it to assembly text and turns each
 * OFFSET line into `%define NAME VALUE` of offsets.inc.
 */
#include <lab0/bootfacts.h>
#include <lab0/cpu.h>
#include <lab0/memory_layout.h>
#include <lab0/percpu.h>
#include <lab0/verdict.h>

#define OFFSET(name, value) \
	__asm__ volatile("\n.ascii \"OFFSET " #name " %c0\"" : : "i"((int)(value)))

void offsets(void);

void
offsets(void)
{
	OFFSET(CR0_PE, CR0_PE);
	OFFSET(CR0_WP, CR0_WP);
	OFFSET(CR0_PG, CR0_PG);
	OFFSET(CR4_PAE, CR4_PAE);
	OFFSET(MSR_EFER, MSR_EFER);
	OFFSET(MSR_GS_BASE, MSR_GS_BASE);
	OFFSET(EFER_LME, EFER_LME);
	OFFSET(EFER_NXE, EFER_NXE);
	OFFSET(PTE_PRESENT, PTE_PRESENT);
	OFFSET(PTE_WRITE, PTE_WRITE);
	OFFSET(PTE_LARGE, PTE_LARGE);
	OFFSET(PTE_NX_HIGH, PTE_NX >> 32);
	OFFSET(DIRECT_MAP_SLOT, DIRECT_MAP >> 39 & 511);
	OFFSET(KERNEL_PML4_SLOT, KERNEL_VMA >> 39 & 511);
	OFFSET(KERNEL_PDPT_SLOT, KERNEL_VMA >> 30 & 511);
	OFFSET(BOOT_MAGIC_PVH, BOOT_MAGIC_PVH);
	OFFSET(PERCPU_SELF, offsetof(struct percpu_head, self));
	OFFSET(EXIT_TODO, EXIT_TODO);
	OFFSET(EXIT_PANIC, EXIT_PANIC);
}
