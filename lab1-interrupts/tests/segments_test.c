/* SPDX-License-Identifier: MIT */
/*
 * segments_test.c - exercise 1.1: descriptors and the TSS, as numbers.
 */
#include <lab0/ktest.h>

#include <lab0/string.h>
#include <lab1/descriptors.h>

enum { ROUNDS = 200 };

/* Bits first..last of a descriptor. */
static uint64_t
field(uint64_t descriptor, unsigned first, unsigned last)
{
	return descriptor >> first & ((1ul << (last - first + 1)) - 1);
}

static const struct {
	enum segment_kind	kind;
	bool			code, bits64;
	unsigned		dpl;
} segments[] = {
	{ SEGMENT_KERNEL_CODE, true, true, 0 },
	{ SEGMENT_KERNEL_DATA, false, false, 0 },
	{ SEGMENT_USER_CODE32, true, false, 3 },
	{ SEGMENT_USER_DATA, false, false, 3 },
	{ SEGMENT_USER_CODE, true, true, 3 },
};

/* Each of the five segments has the right kind, ring and size. */
KTEST(segments_say_what_they_are_for, .exercise = "1.1", .weight = 3,
    .plain = true)
{
	for (unsigned i = 0; i < ARRAY_SIZE(segments); i++) {
		uint64_t d = segment_descriptor(segments[i].kind);

		expect_eq(field(d, 43, 43), segments[i].code);
		expect_eq(field(d, 44, 44), 1);		/* no system segment */
		expect_eq(field(d, 47, 47), 1);		/* present */
		expect_eq(field(d, 45, 46), segments[i].dpl);
		expect_eq(field(d, 53, 53), segments[i].bits64);
		expect_eq(field(d, 54, 54), !segments[i].bits64);
	}
}

/* Segments are flat and complete: base, limit, rights, accessed, available. */
KTEST(segments_are_flat, .exercise = "1.1", .weight = 1)
{
	for (unsigned i = 0; i < ARRAY_SIZE(segments); i++) {
		uint64_t d = segment_descriptor(segments[i].kind);

		expect_eq(field(d, 16, 39), 0);		/* base */
		expect_eq(field(d, 56, 63), 0);
		expect_eq(field(d, 0, 15), 0xffff);	/* limit */
		expect_eq(field(d, 48, 51), 0xf);
		expect_eq(field(d, 55, 55), 1);		/* ... in pages */
		expect_eq(field(d, 40, 40), 1);		/* accessed */
		expect_eq(field(d, 41, 41), 1);		/* readable, writable */
		expect_eq(field(d, 42, 42), 0);		/* expands up */
		expect_eq(field(d, 52, 52), 0);		/* AVL */
	}
	expect_eq(segment_descriptor((enum segment_kind)5), 0);
	expect_eq(segment_descriptor((enum segment_kind)1000), 0);
}

/* A TSS's descriptor holds its whole base, its limit and its type. */
KTEST(a_tss_is_described, .exercise = "1.1", .weight = 1)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t base = ktest_random() << ktest_random_below(33);
		uint64_t bytes = i == 0 ? 104 : i == 1 ? 0x100000
		    : 104 + ktest_random_below(0x100000 - 104);
		uint64_t out[3] = { ~0ul, ~0ul, 0x5a5a5a5a5a5a5a5a };

		tss_descriptor(out, base, bytes);
		expect_eq(field(out[0], 16, 39) | field(out[0], 56, 63) << 24
		    | out[1] << 32, base);
		expect_eq(out[1] >> 32, 0);
		expect_eq(field(out[0], 0, 15) | field(out[0], 48, 51) << 16,
		    bytes - 1);
		expect_eq(field(out[0], 40, 44), 9);	/* available TSS */
		expect_eq(field(out[0], 45, 46), 0);	/* DPL */
		expect_eq(field(out[0], 47, 47), 1);	/* present */
		expect_eq(field(out[0], 52, 55), 0);	/* AVL, 0, 0, bytes */
		expect_eq(out[2], 0x5a5a5a5a5a5a5a5a);
	}
}

/* The table holds each descriptor at its selector, and 0 where none belongs. */
KTEST(the_table_has_every_selector, .exercise = "1.1", .weight = 2,
    .plain = true)
{
	uint64_t gdt[GDT_SLOTS + 1];
	uint64_t tss_slots[2];
	const struct tss *tss = (const struct tss *)ktest_random();

	memset(gdt, 0xff, sizeof(gdt));
	gdt_fill(gdt, tss);
	tss_descriptor(tss_slots, (vaddr_t)tss, sizeof(*tss));
	expect_eq(gdt[0], 0);
	expect_eq(gdt[1], segment_descriptor(SEGMENT_KERNEL_CODE));
	expect_eq(gdt[2], segment_descriptor(SEGMENT_KERNEL_DATA));
	expect_eq(gdt[3], 0);
	expect_eq(gdt[4], segment_descriptor(SEGMENT_USER_CODE32));
	expect_eq(gdt[5], segment_descriptor(SEGMENT_USER_DATA));
	expect_eq(gdt[6], segment_descriptor(SEGMENT_USER_CODE));
	expect_eq(gdt[7], tss_slots[0]);
	expect_eq(gdt[8], tss_slots[1]);
	expect_eq(gdt[9], ~0ul);
}

/* A new TSS has RSP0, no other stack, and no I/O map. */
KTEST(a_tss_starts_with_one_stack, .exercise = "1.1", .weight = 1)
{
	uint64_t rsp0 = ktest_random() & ~15ul;
	struct {
		uint8_t	before[8];
		struct tss tss;
		uint8_t	after[8];
	} packed room;
	const uint8_t *bytes = (const uint8_t *)&room.tss;
	unsigned others = 0;

	memset(&room, 0xff, sizeof(room));
	tss_fill(&room.tss, rsp0);
	expect_eq(room.tss.rsp[0], rsp0);
	expect_at_least(room.tss.iomap_base, sizeof(struct tss));
	for (unsigned i = 0; i < 102; i++)
		others += (i < 4 || i >= 12) && bytes[i] != 0;
	expect_eq(others, 0);
	expect_eq(room.before[7], 0xff);
	expect_eq(room.after[0], 0xff);
}
