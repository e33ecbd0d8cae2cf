/* SPDX-License-Identifier: MIT */
/*
 * vectors.h - gates, and what the CPU runs first at each vector (exercise 1.2).
 *
 * The CPU makes RSP a multiple of 16, pushes five words (SS, RSP, RFLAGS, CS,
 * RIP), for ten of the 32 exceptions an error code on top, and goes where the
 * vector's gate points. It does not say which vector it was: so each has an
 * entry of its own, a few bytes long, which pushes what is missing and jumps to
 * the common path. That saves all general registers, calls interrupt_dispatch
 * with the frame, and puts everything back. `int n` never pushes an error code.
 *
 *	high	SS		pushed by the CPU, always, in 64-bit mode
 *		RSP
 *		RFLAGS
 *		CS
 *		RIP
 *		error code	by the CPU, or 0 by the entry
 *		vector		by the entry
 *		RAX ... R15	by the common path
 *	low			<- struct interrupt_frame *
 *
 * Source    Intel SDM 3A "64-Bit Mode Stack Frame", "64-Bit Mode IDT", and each
 *           exception's page of "Exception and Interrupt Reference" for its
 *           error code; of #VC and #SX, which are AMD's, AMD64 APM 2
 *           "Exceptions and Interrupts"; System V ABI, AMD64, 3.2.2
 *           (alignment), 3.2.1 (DF).
 */
#ifndef LAB1_VECTORS_H
#define LAB1_VECTORS_H

#include <lab0/types.h>

enum {
	VECTORS = 256,
	EXCEPTIONS = 32,
};

/* Exceptions by their names in the manual. */
enum exception {
	VECTOR_DE = 0, VECTOR_DB = 1, VECTOR_NMI = 2, VECTOR_BP = 3,
	VECTOR_OF = 4, VECTOR_BR = 5, VECTOR_UD = 6, VECTOR_NM = 7,
	VECTOR_DF = 8, VECTOR_TS = 10, VECTOR_NP = 11, VECTOR_SS = 12,
	VECTOR_GP = 13, VECTOR_PF = 14, VECTOR_MF = 16, VECTOR_AC = 17,
	VECTOR_MC = 18, VECTOR_XM = 19, VECTOR_VE = 20, VECTOR_CP = 21,
	VECTOR_HV = 28, VECTOR_VC = 29, VECTOR_SX = 30,
};

/*
 * The interrupted state. A handler may change any field but vector and error,
 * and the interrupted code goes on with the changed one; the ring, in the low
 * bits of cs and ss, stays.
 */
struct interrupt_frame {
	uint64_t	r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t	rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t	vector;		/* 0..255 */
	uint64_t	error;		/* the CPU's, or 0 */
	uint64_t	rip, cs, rflags, rsp, ss;
};
static_assert(sizeof(struct interrupt_frame) == 22 * 8,
    "vectors.asm pushes 17 words on the CPU's five");

/* A slot of the IDT. */
struct gate {
	uint16_t	offset_low;
	uint16_t	selector;
	uint8_t		ist;		/* bits 0-2 */
	uint8_t		attributes;	/* present, DPL, type */
	uint16_t	offset_middle;
	uint32_t	offset_high;
	uint32_t	reserved;
};
static_assert(sizeof(struct gate) == 16, "SDM 3A \"64-Bit IDT Gate Descriptors\"");

/*
 * Write a present 64-bit interrupt gate (interrupts off on entry) into the
 * kernel's code segment. All 16 bytes are written; the bits of `ist` above the
 * number, and `reserved`, are 0.
 *
 * gate      contents undefined
 * entry     any 64-bit address
 * dpl       0 or 3: the outermost ring whose `int n` may use it
 * ist       0: the current stack; 1..7: that stack of the TSS
 * context   any
 */
void gate_fill(struct gate *gate, vaddr_t entry, unsigned dpl, unsigned ist);

/*
 * Where each vector's gate points. Contract of an entry and what follows it:
 *   - interrupt_dispatch gets the frame above, in which every field is what
 *     the interrupted code had; `error` is 0 where the CPU pushes none;
 *   - the direction flag is clear and RSP is a multiple of 16 at the call (that
 *     is, before CALL pushes), as the ABI wants, wherever the stack stood;
 *   - coming from ring 3, GS is the kernel's at the call (SWAPGS) and the
 *     interrupted code's again afterwards. #DB, NMI, #DF and #MC can come
 *     between any two instructions, also before the entry's own SWAPGS: they
 *     look at the GS base itself (vectors.inc gives the two macros);
 *   - a backtrace started in a handler goes on through the frame into the
 *     interrupted code: the words {RBP, RIP} of the interrupted code lie
 *     together on the stack, RBP lower, and RBP points at them at the call;
 *   - all of the frame comes back exactly, RFLAGS included.
 * interrupt_dispatch is a C function: it keeps RBX, RBP, R12 to R15 and RSP,
 * and may change the rest. It returns with interrupts off.
 */
extern const vaddr_t vector_entries[VECTORS];

#endif
