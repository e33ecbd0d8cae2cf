/* SPDX-License-Identifier: MIT */
/*
 * load_tables.h - tell the CPU where its tables are (private).
 */
#ifndef LOAD_TABLES_H
#define LOAD_TABLES_H

#include <lab0/types.h>

/* What LGDT and LIDT read. */
struct table_register {
	uint16_t	limit;		/* bytes less one */
	vaddr_t		base;
} packed;
static_assert(sizeof(struct table_register) == 10,
    "SDM 3A \"Memory-Management Registers\"");

/*
 * Use another GDT, and load all segment registers anew: CS, SS, DS and ES with
 * the kernel's selectors, FS and GS with 0. The base of GS stays.
 *
 * context   interrupts off
 */
void load_gdt(const struct table_register *gdtr);

/* Use another IDT. */
void load_idt(const struct table_register *idtr);

/* Use the TSS of that descriptor, which the CPU marks busy. */
void load_tr(unsigned selector);

#endif
