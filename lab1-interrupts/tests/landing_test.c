/* SPDX-License-Identifier: MIT */
/*
 * landing_test.c - exercise 1.2: interrupts that land between any two
 * instructions.
 *
 * A piece of code that uses every register, the flags, the stack and string
 * instructions in both directions is run twice with the same input: plainly,
 * and with TF set, so that each instruction is followed by a trap. The results
 * have to be the same. The trap goes to #DB's own entry, or, by a gate of the
 * test's, to an ordinary vector's.
 */
#include <lab0/ktest.h>

#include <lab0/cpu.h>
#include <lab0/string.h>
#include <lab1/interrupt.h>
#include <lab1/vectors.h>

#include "arrive.h"

enum {
	VECTOR_OURS = VECTOR_FREE_END - 2,
	LOOPS = 40,			/* of the code below, some 30 each */
	TURNS = 5,
	LANDINGS_MIN = 3000,
	LANDINGS_MAX = 20000,
	TF = 1 << 8,
	BUFFER = 64,
};

/* What the code works on; it ends with the same fields changed. */
struct work {
	uint64_t	rax, rbx, rdx, rbp, r8, r9, r10, r11, r12, r13, r14;
	uint64_t	rsi, rdi;	/* in the middle of `buffer` */
	uint64_t	rcx;		/* loops */
	uint64_t	r15;
	uint64_t	flags;		/* out: flags gathered */
	uint8_t		buffer[2 * BUFFER * 8];
};

void landing_run(struct work *work, uint64_t flags, uint64_t misalign);
extern char landing_first[], landing_last[];
uint64_t landing_stack, landing_work, landing_flags, landing_last_r15;

__asm__(
"	.pushsection .text\n"
"landing_run:\n"
	PUSH_KEPT
"	mov	%rsp, landing_stack(%rip)\n"
"	mov	%rdi, landing_work(%rip)\n"
"	movq	$0, landing_flags(%rip)\n"
"	sub	%rdx, %rsp\n"
"	mov	%rdi, %r15\n"
"	push	%rsi\n"
"	mov	0(%r15), %rax\n"
"	mov	8(%r15), %rbx\n"
"	mov	16(%r15), %rdx\n"
"	mov	24(%r15), %rbp\n"
"	mov	32(%r15), %r8\n"
"	mov	40(%r15), %r9\n"
"	mov	48(%r15), %r10\n"
"	mov	56(%r15), %r11\n"
"	mov	64(%r15), %r12\n"
"	mov	72(%r15), %r13\n"
"	mov	80(%r15), %r14\n"
"	mov	88(%r15), %rsi\n"
"	mov	96(%r15), %rdi\n"
"	mov	104(%r15), %rcx\n"
"	mov	112(%r15), %r15\n"
"	popfq\n"
"landing_first:\n"
"1:	add	%rax, %rbx\n"
"	adc	%r14, %rdx\n"
"	std\n"
"	movsb\n"
"	stosb\n"
"	sbb	%rdx, %r8\n"
"	push	%r8\n"
"	lea	3(%rbp, %r9), %rbp\n"
"	cmc\n"
"	rcl	$3, %r9\n"
"	cld\n"
"	lodsq\n"
"	xchg	%r10, %r11\n"
"	imul	%r12, %r13\n"
"	seto	%r12b\n"
"	pop	%r10\n"
"	std\n"
"	bswap	%r14\n"
"	adc	%r15, %r13\n"
"	rol	$11, %r15\n"
"	pushfq\n"
"	andq	$0xcd5, (%rsp)\n"
"	pop	%r11\n"
"	rolq	$7, landing_flags(%rip)\n"
"	xor	%r11, landing_flags(%rip)\n"
"	cld\n"
"	sub	$7, %rsi\n"
"	add	$2, %rdi\n"
"	dec	%rcx\n"
"	jnz	1b\n"
"landing_last:\n"
"	pushfq\n"
"	andq	$~0x100, (%rsp)\n"
"	popfq\n"
"	mov	%r15, landing_last_r15(%rip)\n"
"	mov	landing_work(%rip), %r15\n"
"	mov	%rax, 0(%r15)\n"
"	mov	%rbx, 8(%r15)\n"
"	mov	%rdx, 16(%r15)\n"
"	mov	%rbp, 24(%r15)\n"
"	mov	%r8, 32(%r15)\n"
"	mov	%r9, 40(%r15)\n"
"	mov	%r10, 48(%r15)\n"
"	mov	%r11, 56(%r15)\n"
"	mov	%r12, 64(%r15)\n"
"	mov	%r13, 72(%r15)\n"
"	mov	%r14, 80(%r15)\n"
"	sub	%r15, %rsi\n"
"	sub	%r15, %rdi\n"
"	mov	%rsi, 88(%r15)\n"
"	mov	%rdi, 96(%r15)\n"
"	mov	%rcx, 104(%r15)\n"
"	mov	landing_last_r15(%rip), %rax\n"
"	mov	%rax, 112(%r15)\n"
"	mov	landing_flags(%rip), %rax\n"
"	mov	%rax, 120(%r15)\n"
"	mov	landing_stack(%rip), %rsp\n"
	POP_KEPT
"	ret\n"
"	.popsection\n"
);

static struct {
	unsigned	inside;		/* landings between the two labels */
	unsigned	crooked;	/* RSP was no multiple of 16 */
	unsigned	backwards;	/* DF was set in the handler */
	unsigned	df_before;	/* ... and in the interrupted code */
} landings;

static void
land(struct interrupt_frame *frame)
{
	landings.inside += frame->rip >= (vaddr_t)landing_first
	    && frame->rip <= (vaddr_t)landing_last;
	landings.crooked += caught.rbp % 16 != 0;
	landings.backwards += (caught.rflags & 0x400) != 0;
	landings.df_before += (frame->rflags & 0x400) != 0;
	if (caught.count > LANDINGS_MAX) {	/* RCX was lost, for one */
		frame->rflags &= ~(uint64_t)TF;
		frame->rip = (vaddr_t)landing_last;
	}
}

static struct work plain, stepped;

static void
prepare(void)
{
	uint64_t *words = (uint64_t *)&plain;

	for (unsigned i = 0; i < sizeof(plain) / 8; i++)
		words[i] = ktest_random();
	plain.rbp |= 1;
	plain.rcx = LOOPS;
	stepped = plain;
	plain.rsi = (vaddr_t)&plain.buffer[BUFFER * 8];
	plain.rdi = (vaddr_t)&plain.buffer[BUFFER * 8 + 64];
	stepped.rsi = (vaddr_t)&stepped.buffer[BUFFER * 8];
	stepped.rdi = (vaddr_t)&stepped.buffer[BUFFER * 8 + 64];
}

static void
compare(void)
{
	expect_eq(stepped.rax, plain.rax);
	expect_eq(stepped.rbx, plain.rbx);
	expect_eq(stepped.rcx, plain.rcx);
	expect_eq(stepped.rdx, plain.rdx);
	expect_eq(stepped.rbp, plain.rbp);
	expect_eq(stepped.rsi, plain.rsi);
	expect_eq(stepped.rdi, plain.rdi);
	expect_eq(stepped.r8, plain.r8);
	expect_eq(stepped.r9, plain.r9);
	expect_eq(stepped.r10, plain.r10);
	expect_eq(stepped.r11, plain.r11);
	expect_eq(stepped.r12, plain.r12);
	expect_eq(stepped.r13, plain.r13);
	expect_eq(stepped.r14, plain.r14);
	expect_eq(stepped.r15, plain.r15);
	expect_eq(stepped.flags, plain.flags);
	expect_memeq(stepped.buffer, plain.buffer, sizeof(plain.buffer));
}

/* The same work plainly and with a trap behind each instruction. */
static void
step_through(unsigned vector)
{
	uint64_t here = read_rflags() & ~(uint64_t)RFLAGS_IF;

	memset(&landings, 0, sizeof(landings));
	catch_begin(vector);
	for (unsigned i = 0; i < TURNS && !ktest_failed(); i++) {
		unsigned misalign = (unsigned)ktest_random_below(256);

		prepare();
		landing_run(&plain, here, misalign);
		caught.then = land;
		landing_run(&stepped, here | TF, misalign);
		compare();
	}
	catch_end();
}

static void
check_landings(void)
{
	expect(landings.inside >= LANDINGS_MIN);
	expect(landings.df_before > 0);
	expect_eq(landings.crooked, 0);
	expect_eq(landings.backwards, 0);
}

/* Thousands of ordinary interrupts, one behind each instruction, change nothing. */
KTEST(interrupts_land_anywhere_and_nobody_notices, .exercise = "1.2",
    .weight = 2, .needs = "1.3")
{
	uint64_t flags = irq_save();
	struct gate before = *arrive_gate(VECTOR_DB);

	arrive_gate_set(VECTOR_DB, vector_entries[VECTOR_OURS], 0, 0);
	step_through(VECTOR_OURS);
	*arrive_gate(VECTOR_DB) = before;
	irq_restore(flags);
	if (!ktest_failed())
		check_landings();
}

/* Thousands of debug exceptions, one behind each instruction, change nothing. */
KTEST(debug_traps_land_anywhere_and_nobody_notices, .exercise = "1.2",
    .weight = 1, .needs = "1.3")
{
	uint64_t flags = irq_save();

	step_through(VECTOR_DB);
	irq_restore(flags);
	if (!ktest_failed())
		check_landings();
}
