/* SPDX-License-Identifier: MIT */
/*
 * gdt.c - each CPU's segments and task state.
 *
 * Lab 0's GDT had two segments, enough for ring 0. This one has what ring 3
 * needs as well, and a TSS. Each CPU has its own: TR's descriptor is marked
 * busy by the load, and RSP0 is that of the task which runs there.
 *
 * Owns      the GDT and the TSS of each CPU.
 * Offers    all of gdt.h.
 * Stands on descriptors.h (exercise 1.1), load_tables.h.
 * Invariant (1) a TSS does not cross a page: the CPU reads it by physical
 *           address, and pages that follow each other need not do so there.
 * Source    Intel SDM 3A "Task-State Segment (TSS)", "64-Bit TSS".
 */
#include <lab1/gdt.h>

#include <lab0/init.h>
#include <lab0/memory_layout.h>

#include "load_tables.h"

enum { TSS_ALIGN = 128 };
static_assert(TSS_ALIGN >= sizeof(struct tss), "invariant (1)");

struct cpu_tables {
	struct tss	tss aligned(TSS_ALIGN);		/* (1) */
	uint64_t	gdt[GDT_SLOTS] aligned(8);
};

static PERCPU(struct cpu_tables, cpu_tables);

void
gdt_load_cpu(vaddr_t rsp0)
{
	struct cpu_tables *tables = percpu_ptr(cpu_tables);
	struct table_register gdtr = {
		.limit = sizeof(tables->gdt) - 1,
		.base = (vaddr_t)tables->gdt,
	};

	tss_fill(&tables->tss, rsp0);
	gdt_fill(tables->gdt, &tables->tss);
	load_gdt(&gdtr);
	load_tr(SELECTOR_TSS);
}

struct tss *
gdt_tss(void)
{
	return &percpu_ptr(cpu_tables)->tss;
}

void
gdt_set_rsp0(vaddr_t rsp0)
{
	gdt_tss()->rsp[0] = rsp0;
}

static int
gdt_init(void)
{
	gdt_load_cpu((vaddr_t)boot_stack_top);
	return 0;
}
INIT_EX(gdt_init, "1.1");
