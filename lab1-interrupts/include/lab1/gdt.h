/* SPDX-License-Identifier: MIT */
/*
 * gdt.h - each CPU's segments and task state.
 *
 * Owns      the GDT and the TSS of each CPU (per-CPU).
 * Stands on descriptors.h (exercise 1.1).
 */
#ifndef LAB1_GDT_H
#define LAB1_GDT_H

#include <lab0/percpu.h>
#include <lab0/types.h>
#include <lab1/descriptors.h>

/*
 * Fill this CPU's tables and load them: GDT, segment registers, TR. GS keeps
 * its base, and the one that SWAPGS brings in is 0 until ring 3 has one.
 *
 * rsp0      stack for interrupts from ring 3, a multiple of 16
 * context   once on each CPU, interrupts off, GS at its per-CPU area
 */
void gdt_load_cpu(vaddr_t rsp0);

/*
 * The stack that the next interrupt from ring 3 starts on, on this CPU. Its
 * owner is who runs: at boot the top of the boot stack, from lab 3 on the top
 * of the kernel stack of the running task.
 *
 * rsp0      a multiple of 16
 * context   any; the caller stays on this CPU
 */
void gdt_set_rsp0(vaddr_t rsp0);

/* This CPU's TSS; who adds to it does so before a gate uses the entry. */
struct tss *gdt_tss(void);

#endif
