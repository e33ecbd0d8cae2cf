/* SPDX-License-Identifier: MIT */
/*
 * stacks.c - stacks that can be trusted when nothing else can.
 *
 * Owns      the boot CPU's IST stacks and the guard pages below them.
 * Offers    kernel_stacks, stack_guard_unmap.
 * Stands on the page tables of lab 0, found through CR3; ist_fill and
 *           ist_of_vector (exercise 1.5).
 * Invariant (1) the page below each stack is unmapped from ist_init on; the
 *           boot stack's has been since lab 0's early_paging_protect.
 * Source    Intel SDM 3A "Interrupt Stack Table", "4-Level Paging".
 */
#include <lab1/stacks.h>

#include <lab0/cpu.h>
#include <lab0/init.h>
#include <lab0/memory_layout.h>
#include <lab0/printk.h>
#include <lab0/todo.h>
#include <lab1/gdt.h>
#include <lab1/idt.h>

/* A stack overflows downwards, into the guard page. */
struct guarded_stack {
	char	guard[PAGE_SIZE];
	char	stack[IST_STACK_BYTES];
};

static struct guarded_stack ist_stacks[IST_COUNT] aligned(PAGE_SIZE);

#define IST_STACK(n, text) { \
	.name = text, \
	.lo = (vaddr_t)ist_stacks[(n) - 1].stack, \
	.hi = (vaddr_t)ist_stacks[(n) - 1].stack + IST_STACK_BYTES, \
}
#define STACK_DF IST_STACK(IST_DF, "double fault stack")
#define STACK_NMI IST_STACK(IST_NMI, "NMI stack")
#define STACK_MC IST_STACK(IST_MC, "machine check stack")
#define STACK_DB IST_STACK(IST_DB, "debug stack")

const struct stack_area kernel_stacks[IST_COUNT] = {
	[IST_DF - 1] = STACK_DF,
	[IST_NMI - 1] = STACK_NMI,
	[IST_MC - 1] = STACK_MC,
	[IST_DB - 1] = STACK_DB,
};

/* For backtraces and reports; lab 0 has added the boot stack. */
static const struct stack_area df_stack = STACK_DF;
static const struct stack_area nmi_stack = STACK_NMI;
static const struct stack_area mc_stack = STACK_MC;
static const struct stack_area db_stack = STACK_DB;
SET_ADD(stack_area, df_stack);
SET_ADD(stack_area, nmi_stack);
SET_ADD(stack_area, mc_stack);
SET_ADD(stack_area, db_stack);

void
stack_guard_unmap(vaddr_t page)
{
	uint64_t *table = phys_to_virt(read_cr3() & PTE_ADDRESS);

	for (unsigned shift = 39; shift > 12; shift -= 9)
		table = phys_to_virt(table[page >> shift & 511] & PTE_ADDRESS);
	table[page >> 12 & 511] = 0;
	__asm__ volatile("invlpg (%0)" : : "r"(page) : "memory");
}

static int
ist_init(void)
{
	if (!exercise_written("1.1") || !exercise_written("1.2")) {
		printk(LOG_NOTICE "lab1: no IST stacks without exercises 1.1 "
		    "and 1.2\n");
		return 0;
	}
	for (unsigned i = 0; i < IST_COUNT; i++)
		stack_guard_unmap((vaddr_t)ist_stacks[i].guard);
	ist_fill(gdt_tss(), kernel_stacks);
	idt_use_ist();
	return 0;
}
INIT_EX(ist_init, "1.5");
