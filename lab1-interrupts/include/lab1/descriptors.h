/* SPDX-License-Identifier: MIT */
/*
 * descriptors.h - segment descriptors and the TSS (exercise 1.1).
 *
 * In 64-bit mode base and limit of code and data segments mean nothing; what
 * is left is the right to run (ring, 64-bit or 32-bit code). The TSS holds no
 * task any more: it says which stack the CPU takes when an interrupt comes
 * from ring 3 (RSP0), and which for the vectors that must never trust the
 * stack they find (IST).
 *
 * The order of the table is not free: SYSCALL and SYSRET add 8 and 16 to one
 * base selector, and Linux programs expect 0x33 and 0x2b in CS and SS.
 *
 * Source    Intel SDM 3A "Segment Descriptors", "TSS Descriptor in 64-bit
 *           mode", "64-Bit TSS"; SDM 2B "SYSRET".
 */
#ifndef LAB1_DESCRIPTORS_H
#define LAB1_DESCRIPTORS_H

#include <lab0/types.h>

/* Selectors; those of ring 3 are used with the low two bits set. */
enum selector {
	SELECTOR_NULL = 0x00,
	SELECTOR_KERNEL_CODE = 0x08,
	SELECTOR_KERNEL_DATA = 0x10,
	/* 0x18 stays empty */
	SELECTOR_USER_CODE32 = 0x20,
	SELECTOR_USER_DATA = 0x28,
	SELECTOR_USER_CODE = 0x30,
	SELECTOR_TSS = 0x38,		/* 16 bytes, two slots */
	GDT_SLOTS = 9,
	SELECTOR_RING3 = 3,
};

/*
 * What the CPU reads of a task. RSP0 is at an address that is no multiple of
 * 8, hence packed.
 */
struct tss {
	uint32_t	reserved0;
	uint64_t	rsp[3];		/* stack on entry to ring 0, 1, 2 */
	uint64_t	reserved1;
	uint64_t	ist[7];		/* ist[0] is what a gate calls IST 1 */
	uint64_t	reserved2;
	uint16_t	reserved3;
	uint16_t	iomap_base;	/* from the TSS's start, bytes */
} packed;
static_assert(sizeof(struct tss) == 104, "SDM 3A \"64-Bit TSS\"");

/* What a segment is for. */
enum segment_kind {
	SEGMENT_KERNEL_CODE,		/* ring 0, 64-bit */
	SEGMENT_KERNEL_DATA,		/* ring 0, writable */
	SEGMENT_USER_CODE32,		/* ring 3, 32-bit */
	SEGMENT_USER_DATA,		/* ring 3, writable */
	SEGMENT_USER_CODE,		/* ring 3, 64-bit */
};

/*
 * The descriptor of a flat segment: base 0, limit 0xfffff pages of 4 KiB,
 * present, code readable, data writable, the accessed bit set already (so
 * that the CPU never writes to the table). Code of 64 bits has L set and D
 * clear; 32-bit code and data have D/B set; AVL is clear.
 *
 * returns   the 8 bytes; 0 for a kind that is none of the five
 * context   any
 */
uint64_t segment_descriptor(enum segment_kind kind);

/*
 * The descriptor of an available (not busy) 64-bit TSS, ring 0, present,
 * granularity of bytes; AVL and all reserved bits are clear.
 *
 * out       receives two slots: the low and the high 8 bytes
 * base      any 64-bit address
 * bytes     size of the TSS, 104..0x100000; the limit is one less
 * context   any
 */
void tss_descriptor(uint64_t out[2], vaddr_t base, size_t bytes);

/*
 * Fill a whole table: each selector above gets its descriptor, the null slot
 * and the empty one 0, the last two the TSS's.
 *
 * gdt       GDT_SLOTS slots, contents undefined
 * context   any
 */
void gdt_fill(uint64_t gdt[GDT_SLOTS], const struct tss *tss);

/*
 * A TSS for one CPU: every field 0 but RSP0, and an I/O map that starts behind
 * the TSS's end, so that ring 3 may use no port.
 *
 * tss       contents undefined
 * rsp0      stack for interrupts from ring 3, a multiple of 16
 * context   any
 */
void tss_fill(struct tss *tss, vaddr_t rsp0);

#endif
