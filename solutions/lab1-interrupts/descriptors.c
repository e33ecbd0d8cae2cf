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
	/* EX 1.1 { see segment_descriptor in <lab1/descriptors.h> */
	const uint64_t flat = 0x008f93000000ffff;	/* data, ring 0 */
	const uint64_t code = 1ul << 43;
	const uint64_t ring3 = 3ul << 45;
	const uint64_t bits64 = 1ul << 53;
	const uint64_t bits32 = 1ul << 54;

	switch (kind) {
	case SEGMENT_KERNEL_CODE:
		return flat | code | bits64;
	case SEGMENT_KERNEL_DATA:
		return flat | bits32;
	case SEGMENT_USER_CODE32:
		return flat | code | bits32 | ring3;
	case SEGMENT_USER_DATA:
		return flat | bits32 | ring3;
	case SEGMENT_USER_CODE:
		return flat | code | bits64 | ring3;
	}
	return 0;
	/* EX 1.1 } (void)kind; todo("1.1"); */
}

void
tss_descriptor(uint64_t out[2], vaddr_t base, size_t bytes)
{
	/* EX 1.1 { see tss_descriptor in <lab1/descriptors.h> */
	const uint64_t available_tss = 9ul << 40;
	const uint64_t present = 1ul << 47;
	uint64_t limit = bytes - 1;

	out[0] = (limit & 0xffff) | (limit & 0xf0000) << 32
	    | (base & 0xffffff) << 16 | (base & 0xff000000) << 32
	    | available_tss | present;
	out[1] = base >> 32;
	/* EX 1.1 } (void)out; (void)base; (void)bytes; todo("1.1"); */
}

void
gdt_fill(uint64_t gdt[GDT_SLOTS], const struct tss *tss)
{
	/* EX 1.1 { see gdt_fill in <lab1/descriptors.h> */
	memset(gdt, 0, GDT_SLOTS * sizeof(gdt[0]));
	gdt[SELECTOR_KERNEL_CODE / 8] = segment_descriptor(SEGMENT_KERNEL_CODE);
	gdt[SELECTOR_KERNEL_DATA / 8] = segment_descriptor(SEGMENT_KERNEL_DATA);
	gdt[SELECTOR_USER_CODE32 / 8] = segment_descriptor(SEGMENT_USER_CODE32);
	gdt[SELECTOR_USER_DATA / 8] = segment_descriptor(SEGMENT_USER_DATA);
	gdt[SELECTOR_USER_CODE / 8] = segment_descriptor(SEGMENT_USER_CODE);
	tss_descriptor(&gdt[SELECTOR_TSS / 8], (vaddr_t)tss, sizeof(*tss));
	/* EX 1.1 } (void)gdt; (void)tss; todo("1.1"); */
}

void
tss_fill(struct tss *tss, vaddr_t rsp0)
{
	/* EX 1.1 { see tss_fill in <lab1/descriptors.h> */
	memset(tss, 0, sizeof(*tss));
	tss->rsp[0] = rsp0;
	tss->iomap_base = sizeof(*tss);
	/* EX 1.1 } (void)tss; (void)rsp0; todo("1.1"); */
}
