/* SPDX-License-Identifier: MIT */
/*
 * idt.h - the table of gates, one for all CPUs.
 *
 * Stands on vectors.h (exercise 1.2).
 */
#ifndef LAB1_IDT_H
#define LAB1_IDT_H

#include <lab0/types.h>
#include <lab1/vectors.h>

/*
 * Use the table on this CPU.
 *
 * context   boot of each CPU, after gdt_load_cpu
 */
void idt_load_cpu(void);

/*
 * From now on the gates of ist_of_vector's vectors switch stacks. Before, all
 * gates use the stack they find: an IST entry of 0 would be a stack below
 * address 0.
 *
 * context   once, when the TSS has its IST entries
 */
void idt_use_ist(void);

#endif
