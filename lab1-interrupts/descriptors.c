/* SPDX-License-Identifier: MIT */
/*
 * descriptors.c - segment descriptors and the TSS (exercise 1.1).
 *
 * Owns      nothing.
 * Offers    segment_descriptor, tss_descriptor, gdt_fill, tss_fill.
 * Stands on nothing.
 * Source    Intel SDM 3A "Segment Descriptors", "TSS Descriptor in 64-bit
 *           mode", "64-Bit TSS".
 */
#include <lab1/descriptors.h>

#include <lab0/string.h>
#include <lab0/todo.h>

uint64_t
segment_descriptor(enum segment_kind kind)
{
	/* Exercise 1.1 (1 of 4): see segment_descriptor in <lab1/descriptors.h> */
	(void)kind; todo("1.1");
}

void
tss_descriptor(uint64_t out[2], vaddr_t base, size_t bytes)
{
	/* Exercise 1.1 (2 of 4): see tss_descriptor in <lab1/descriptors.h> */
	(void)out; (void)base; (void)bytes; todo("1.1");
}

void
gdt_fill(uint64_t gdt[GDT_SLOTS], const struct tss *tss)
{
	/* Exercise 1.1 (3 of 4): see gdt_fill in <lab1/descriptors.h> */
	(void)gdt; (void)tss; todo("1.1");
}

void
tss_fill(struct tss *tss, vaddr_t rsp0)
{
	/* Exercise 1.1 (4 of 4): see tss_fill in <lab1/descriptors.h> */
	(void)tss; (void)rsp0; todo("1.1");
}
