/* SPDX-License-Identifier: MIT */
/*
 * idt.c - the table of gates, one for all CPUs.
 *
 * Owns      the IDT.
 * Offers    all of idt.h.
 * Stands on vectors.h (exercise 1.2), stacks.h (1.5), load_tables.h.
 * Source    Intel SDM 3A "Interrupt Descriptor Table (IDT)".
 */
#include <lab1/idt.h>

#include <lab0/init.h>
#include <lab0/printk.h>
#include <lab0/todo.h>
#include <lab1/stacks.h>

#include "load_tables.h"

static struct gate idt[VECTORS] aligned(16);

/* `int3` is for programs; every other `int n` of ring 3 is a #GP. */
static void
fill(unsigned vector, unsigned ist)
{
	gate_fill(&idt[vector], vector_entries[vector],
	    vector == VECTOR_BP ? 3 : 0, ist);
}

void
idt_load_cpu(void)
{
	struct table_register idtr = {
		.limit = sizeof(idt) - 1,
		.base = (vaddr_t)idt,
	};

	load_idt(&idtr);
}

/* One that has a stack is written while in use, so its fields must not be
 * seen half done: only the IST byte differs. */
void
idt_use_ist(void)
{
	for (unsigned v = 0; v < VECTORS; v++) {
		unsigned ist = ist_of_vector(v);

		if (ist != IST_NONE)
			fill(v, ist);
	}
}

static int
idt_init(void)
{
	if (!exercise_written("1.1")) {
		printk(LOG_NOTICE "lab1: no IDT without exercise 1.1\n");
		return 0;
	}
	for (unsigned v = 0; v < VECTORS; v++)
		fill(v, IST_NONE);
	idt_load_cpu();
	return 0;
}
INIT_EX(idt_init, "1.2");
