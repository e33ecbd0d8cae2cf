/* SPDX-License-Identifier: MIT */
/*
 * descriptors.c - segment descriptors and the TSS (exercise 1.1).
 *
 * The fields of a descriptor are bit fields: the compiler puts together what
 * the CPU wants in pieces.
 *
 * Owns      nothing.
 * Offers    segment_descriptor, tss_descriptor, gdt_fill, tss_fill.
 * Stands on nothing.
 * Source    Intel SDM 3A "Segment Descriptors", "TSS Descriptor in 64-bit
 *           mode", "64-Bit TSS"; System V ABI, AMD64, 3.1.2 "Bit-Fields" (from
 *           the lowest bit up).
 */
#include <lab1/descriptors.h>

enum {
	TYPE_DATA = 0x3,		/* writable, accessed */
	TYPE_CODE = 0xb,		/* readable, accessed */
	TYPE_TSS = 0x9,			/* 64-bit, not busy */
};

/* A slot, from bit 0 up. */
union descriptor {
	struct {
		uint64_t	limit_low : 16;
		uint64_t	base_low : 24;
		uint64_t	type : 4;
		uint64_t	segment : 1;	/* 0: a system descriptor */
		uint64_t	dpl : 2;
		uint64_t	present : 1;
		uint64_t	limit_high : 4;
		uint64_t	avl : 1;
		uint64_t	code64 : 1;	/* L */
		uint64_t	wide : 1;	/* D/B */
		uint64_t	pages : 1;	/* G: limit in units of 4 KiB */
		uint64_t	base_high : 8;
	};
	uint64_t	word;
};
static_assert(sizeof(union descriptor) == sizeof(uint64_t),
    "SDM 3A \"Segment Descriptors\"");

uint64_t
segment_descriptor(enum segment_kind kind)
{
	union descriptor d = {
		.limit_low = 0xffff, .limit_high = 0xf, .pages = 1,
		.segment = 1, .present = 1,
	};

	switch (kind) {
	case SEGMENT_USER_CODE:
		d.dpl = 3;
		/* fallthrough */
	case SEGMENT_KERNEL_CODE:
		d.type = TYPE_CODE;
		d.code64 = 1;
		return d.word;
	case SEGMENT_USER_CODE32:
		d.dpl = 3;
		d.type = TYPE_CODE;
		d.wide = 1;
		return d.word;
	case SEGMENT_USER_DATA:
		d.dpl = 3;
		/* fallthrough */
	case SEGMENT_KERNEL_DATA:
		d.type = TYPE_DATA;
		d.wide = 1;
		return d.word;
	}
	return 0;
}

void
tss_descriptor(uint64_t out[2], vaddr_t base, size_t bytes)
{
	size_t limit = bytes - 1;
	union descriptor d = {
		.limit_low = limit & 0xffff, .limit_high = limit >> 16 & 0xf,
		.base_low = base & 0xffffff, .base_high = base >> 24 & 0xff,
		.type = TYPE_TSS, .present = 1,
	};

	out[0] = d.word;
	out[1] = base >> 32;
}

void
gdt_fill(uint64_t gdt[GDT_SLOTS], const struct tss *tss)
{
	static const struct {
		enum selector		selector;
		enum segment_kind	kind;
	} segments[] = {
		{ SELECTOR_KERNEL_CODE, SEGMENT_KERNEL_CODE },
		{ SELECTOR_KERNEL_DATA, SEGMENT_KERNEL_DATA },
		{ SELECTOR_USER_CODE32, SEGMENT_USER_CODE32 },
		{ SELECTOR_USER_DATA, SEGMENT_USER_DATA },
		{ SELECTOR_USER_CODE, SEGMENT_USER_CODE },
	};

	for (size_t slot = 0; slot < GDT_SLOTS; slot++)
		gdt[slot] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(segments); i++)
		gdt[segments[i].selector / sizeof(gdt[0])] =
		    segment_descriptor(segments[i].kind);
	tss_descriptor(&gdt[SELECTOR_TSS / sizeof(gdt[0])], (vaddr_t)tss,
	    sizeof(*tss));
}

void
tss_fill(struct tss *tss, vaddr_t rsp0)
{
	*tss = (struct tss){
		.rsp = { rsp0 },
		.iomap_base = sizeof(*tss),
	};
}
