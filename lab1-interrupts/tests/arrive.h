/* SPDX-License-Identifier: MIT */
/*
 * arrive.h - for tests: interrupts that arrive at chosen registers.
 *
 * A test catches a vector (its handlers are put aside meanwhile), lets an
 * interrupt arrive, and looks at what the handler saw and at what came back.
 */
#ifndef ARRIVE_H
#define ARRIVE_H

#include <lab0/types.h>
#include <lab1/interrupt.h>
#include <lab1/vectors.h>

/* General registers as in a frame; flags. arrive_test.c knows the order. */
struct registers {
	uint64_t	r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t	rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t	rflags;
};

/* For assembly that is called from C: the registers that C wants back. */
#define PUSH_KEPT \
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
#define POP_KEPT \
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"

/* What the handler of the caught vector saw. */
struct caught {
	unsigned	count;
	struct interrupt_frame frame;	/* the last one's */
	vaddr_t		frame_at;
	uint64_t	rflags;		/* in the handler */
	vaddr_t		rbp;		/* the handler's own frame */
	uint32_t	irq_depth;
	bool		gs_is_ours;	/* GS leads to this CPU's area */
	bool		linked;		/* {RBP, RIP} found by walking frames */
	bool		escaped;	/* the frame could not be returned to */
	void		(*then)(struct interrupt_frame *frame);	/* [test] */
};
extern struct caught caught;

/*
 * From now on the vector's only handler is ours; the slot's source is NULL. At
 * catch_end all is as before. One vector at a time; interrupts off.
 */
void catch_begin(unsigned vector);
void catch_end(void);

/* Registers and arithmetic flags at random; interrupts off, TF clear. */
struct registers registers_random(void);

/*
 * Load the registers, execute `int vector`, and store them as they are then.
 *
 * misalign  bytes that RSP is moved down, 0..4096
 */
void arrive_int(struct registers *registers, unsigned vector,
    unsigned misalign);

/*
 * The same without the CPU: puts on the stack what it would push, the error
 * code too if `with_error`, and jumps to the entry.
 */
void arrive_made(struct registers *registers, vaddr_t entry, bool with_error,
    uint64_t error);

/*
 * What both stand on: load the registers, call `target`, store what it leaves.
 *
 * rsp_down  bytes that RSP is below a multiple of 16 before the call
 */
void arrive_through(struct registers *registers, vaddr_t target,
    uint64_t rsp_down);

/* RIP and RSP that the last arrival interrupted. */
extern uint64_t arrive_rip, arrive_rsp;

/* The gate of a vector, in the table that the CPU uses. */
struct gate *arrive_gate(unsigned vector);

/* Write a gate without any exercise. */
void arrive_gate_set(unsigned vector, vaddr_t entry, unsigned ist,
    unsigned dpl);

#endif
