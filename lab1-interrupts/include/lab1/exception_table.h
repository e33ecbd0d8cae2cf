/* SPDX-License-Identifier: MIT */
/*
 * exception_table.h - instructions that may fault, and where to go on then
 * (exercise 1.9).
 *
 * A function that touches an address it does not trust marks the one
 * instruction that does so. When that faults, the handler finds its address in
 * this table and resumes at the fix-up, where the function returns an error.
 * Code that never faults pays nothing for it.
 *
 *	.read:	mov	eax, [rdi]
 *		...
 *	.fault:	mov	eax, -EFAULT
 *		ret
 *	exception_entry .read, .fault
 *
 * The macro (exception_table.inc for NASM, EXCEPTION_ENTRY for inline assembly)
 * puts one struct into the section exception_table, which boot sorts once.
 */
#ifndef LAB1_EXCEPTION_TABLE_H
#define LAB1_EXCEPTION_TABLE_H

#include <lab0/types.h>
#include <lab1/vectors.h>

struct exception_entry {
	vaddr_t	fault;			/* first byte of the instruction */
	vaddr_t	fixup;			/* where to go on */
};

/* In inline assembly: a string; labels of the same asm statement. */
#define EXCEPTION_ENTRY(fault_label, fixup_label) \
	".pushsection exception_table, \"aw\", @progbits\n" \
	".balign 8\n" \
	".quad " fault_label ", " fixup_label "\n" \
	".popsection\n"

/*
 * Sort by `fault`, ascending, in place. The table comes in the linker's order;
 * a recursion's depth must not grow with its length.
 *
 * table     `count` entries, 0 or more, no two with the same `fault`; nothing
 *           behind them is touched
 * context   boot
 */
void exception_table_sort(struct exception_entry *table, size_t count);

/*
 * The entry of an instruction.
 *
 * table     sorted, `count` entries, no two alike
 * rip       address of the instruction that faulted; addresses are unsigned
 * returns   the entry whose fault is exactly rip; NULL: there is none
 * context   any; in a time that grows slower than the table
 */
const struct exception_entry *exception_table_find(
    const struct exception_entry *table, size_t count, uint64_t rip);

/*
 * Resume at the fix-up if there is one: changes the frame's RIP, and nothing
 * else. Never for code of ring 3: the low two bits of its CS are 3, in the
 * kernel's they are 0.
 *
 * table     sorted
 * returns   whether the frame resumes at a fix-up
 * context   any exception
 */
bool exception_table_fixup(struct interrupt_frame *frame,
    const struct exception_entry *table, size_t count);

#endif
