/* SPDX-License-Identifier: MIT */
/*
 * arrive_test.c - interrupts that arrive at chosen registers.
 *
 * Offers    all of arrive.h.
 * Stands on the table of slots; neither on gate_fill nor on a driver.
 */
#include "arrive.h"

#include <lab0/cpu.h>
#include <lab0/ktest.h>
#include <lab0/panic.h>
#include <lab0/percpu.h>
#include <lab0/string.h>
#include <lab1/descriptors.h>

#include "load_tables.h"

enum {
	REGISTERS = 15,
	FLAGS_ANY = 0x240cd5,		/* CF PF AF ZF SF DF OF AC ID */
	FLAGS_ONE = 0x2,
	FRAMES_MAX = 8,
};

struct caught caught;

static struct {
	unsigned		vector;
	struct interrupt_slot	before;
} catching;

static bool arriving;		/* arrive_rip is where it will come from */
void arrive_escape(void);

/* -- The handler ------------------------------------------------------------- */

static bool
linked(vaddr_t rbp, const struct interrupt_frame *frame)
{
	for (unsigned i = 0; i < FRAMES_MAX && rbp % 8 == 0; i++) {
		const uint64_t *words = (const uint64_t *)rbp;

		if ((vaddr_t)words >= (vaddr_t)frame + sizeof(*frame) ||
		    (vaddr_t)words + 4096 < (vaddr_t)frame)
			return false;
		if (words[0] == frame->rbp && words[1] == frame->rip)
			return true;
		rbp = words[0];
	}
	return false;
}

/* An exception's handler may run on another stack than the one before. */
__attribute__((noinline)) static bool
catch(struct interrupt_frame *frame, void *context)
{
	(void)context;
	__asm__ volatile("pushfq; popq %0; cld" : "=r"(caught.rflags));
	caught.count++;
	caught.frame = *frame;
	caught.frame_at = (vaddr_t)frame;
	caught.rbp = (vaddr_t)__builtin_frame_address(0);
	caught.irq_depth = percpu_self()->irq_depth;
	caught.gs_is_ours = rdmsr(MSR_GS_BASE) == (vaddr_t)&percpu_start;
	caught.linked = linked(caught.rbp, frame);
	if (arriving && (frame->rip != arrive_rip || frame->cs != 8)) {
		caught.escaped = true;
		arrive_escape();
	}
	if (caught.then)
		caught.then(frame);
	/* What a function may change, changed. */
	__asm__ volatile("mov $-1, %%eax; cdq; mov %%eax, %%ecx; "
	    "mov %%eax, %%esi; mov %%eax, %%edi; mov %%eax, %%r8d; "
	    "mov %%eax, %%r9d; mov %%eax, %%r10d; mov %%eax, %%r11d; "
	    "add $1, %%eax"
	    : : : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
	    "r11", "cc");
	return true;
}

static struct interrupt_handler catcher = {
	.fn = catch, .name = "test",
};

void
catch_begin(unsigned vector)
{
	memset(&caught, 0, sizeof(caught));
	catching.vector = vector;
	catching.before = interrupt_slots[vector];
	catcher.next = NULL;
	interrupt_slots[vector] = (struct interrupt_slot){ .first = &catcher };
}

void
catch_end(void)
{
	interrupt_slots[catching.vector] = catching.before;
}

/* -- The arrival --------------------------------------------------------------- */

struct registers
registers_random(void)
{
	struct registers registers;
	uint64_t *words = (uint64_t *)&registers;

	for (unsigned i = 0; i < REGISTERS; i++)
		words[i] = ktest_random();
	registers.rbp |= 1;		/* no frame pointer, for sure */
	registers.rflags = (ktest_random() & FLAGS_ANY) | FLAGS_ONE;
	return registers;
}

extern char arrive_ints[], arrive_pushes[];

uint64_t arrive_rip, arrive_rsp;
uint64_t arrive_target, arrive_state, arrive_stack, arrive_rdi;
uint64_t arrive_entry, arrive_error, arrive_with_error;

__asm__(
"	.pushsection .text\n"
/* 256 times `int n; ret; ret`, four bytes each */
"	.balign 4\n"
"arrive_ints:\n"
"	.set arrive_n, 0\n"
"	.rept 256\n"
"	.byte 0xcd, arrive_n, 0xc3, 0xc3\n"
"	.set arrive_n, arrive_n + 1\n"
"	.endr\n"

/* rdi = registers, rsi = target, rdx = bytes to go down from a multiple of 16 */
"	.globl arrive_through\n"
"arrive_through:\n"
	PUSH_KEPT
"	mov	%rsp, arrive_stack(%rip)\n"
"	mov	%rdi, arrive_state(%rip)\n"
"	mov	%rsi, arrive_target(%rip)\n"
"	and	$-16, %rsp\n"
"	sub	%rdx, %rsp\n"
"	lea	-8(%rsp), %rax\n"		/* as the target finds it */
"	mov	%rax, arrive_rsp(%rip)\n"
"	push	120(%rdi)\n"
"	popfq\n"
"	mov	0(%rdi), %r15\n"
"	mov	8(%rdi), %r14\n"
"	mov	16(%rdi), %r13\n"
"	mov	24(%rdi), %r12\n"
"	mov	32(%rdi), %r11\n"
"	mov	40(%rdi), %r10\n"
"	mov	48(%rdi), %r9\n"
"	mov	56(%rdi), %r8\n"
"	mov	64(%rdi), %rbp\n"
"	mov	80(%rdi), %rsi\n"
"	mov	88(%rdi), %rdx\n"
"	mov	96(%rdi), %rcx\n"
"	mov	104(%rdi), %rbx\n"
"	mov	112(%rdi), %rax\n"
"	mov	72(%rdi), %rdi\n"
"	call	*arrive_target(%rip)\n"
"	mov	%rdi, arrive_rdi(%rip)\n"	/* flags stay as they are */
"	mov	arrive_state(%rip), %rdi\n"
"	mov	%r15, 0(%rdi)\n"
"	mov	%r14, 8(%rdi)\n"
"	mov	%r13, 16(%rdi)\n"
"	mov	%r12, 24(%rdi)\n"
"	mov	%r11, 32(%rdi)\n"
"	mov	%r10, 40(%rdi)\n"
"	mov	%r9, 48(%rdi)\n"
"	mov	%r8, 56(%rdi)\n"
"	mov	%rbp, 64(%rdi)\n"
"	mov	%rsi, 80(%rdi)\n"
"	mov	%rdx, 88(%rdi)\n"
"	mov	%rcx, 96(%rdi)\n"
"	mov	%rbx, 104(%rdi)\n"
"	mov	%rax, 112(%rdi)\n"
"	mov	arrive_rdi(%rip), %rax\n"
"	mov	%rax, 72(%rdi)\n"
"	pushfq\n"
"	pop	120(%rdi)\n"
"arrive_escape:\n"			/* or from a handler */
"	cld\n"
"	mov	arrive_stack(%rip), %rsp\n"
	POP_KEPT
"	ret\n"

/* What the CPU pushes; changes no register and no flag. */
"arrive_pushes:\n"
"	push	$0x10\n"
"	push	arrive_rsp(%rip)\n"
"	pushfq\n"
"	push	$0x8\n"
"	push	$arrive_back\n"
"	push	%rcx\n"
"	mov	arrive_with_error(%rip), %rcx\n"
"	jrcxz	1f\n"
"	pop	%rcx\n"
"	push	arrive_error(%rip)\n"
"	jmp	*arrive_entry(%rip)\n"
"1:	pop	%rcx\n"
"	jmp	*arrive_entry(%rip)\n"
"arrive_back:\n"
"	ret\n"
"	.popsection\n"
);

static void
arrive(struct registers *registers, vaddr_t target, vaddr_t rip,
    unsigned rsp_down)
{
	uint32_t irq_depth = percpu_self()->irq_depth;
	uint64_t other_gs = rdmsr(MSR_KERNEL_GS_BASE);

	/* A SWAPGS too many does no harm. */
	if (!other_gs)
		wrmsr(MSR_KERNEL_GS_BASE, (vaddr_t)&percpu_start);
	arrive_rip = rip;
	arriving = true;
	arrive_through(registers, target, rsp_down);
	arriving = false;
	if (!other_gs)
		wrmsr(MSR_KERNEL_GS_BASE, 0);
	if (caught.escaped)
		percpu_self()->irq_depth = irq_depth;
}

void
arrive_int(struct registers *registers, unsigned vector, unsigned misalign)
{
	vaddr_t target = (vaddr_t)arrive_ints + 4 * vector;

	arrive(registers, target, target + 2, misalign);
}

extern char arrive_back[];

void
arrive_made(struct registers *registers, vaddr_t entry, bool with_error,
    uint64_t error)
{
	arrive_entry = entry;
	arrive_with_error = with_error;
	arrive_error = error;
	arrive(registers, (vaddr_t)arrive_pushes, (vaddr_t)arrive_back, 8);
}

/* -- The gates in use ------------------------------------------------------------ */

struct gate *
arrive_gate(unsigned vector)
{
	struct table_register idtr;

	__asm__ volatile("sidt %0" : "=m"(idtr));
	return &((struct gate *)idtr.base)[vector];
}

void
arrive_gate_set(unsigned vector, vaddr_t entry, unsigned ist, unsigned dpl)
{
	*arrive_gate(vector) = (struct gate){
		.offset_low = (uint16_t)entry,
		.selector = SELECTOR_KERNEL_CODE,
		.ist = (uint8_t)ist,
		.attributes = (uint8_t)(0x8e | dpl << 5),
		.offset_middle = (uint16_t)(entry >> 16),
		.offset_high = (uint32_t)(entry >> 32),
	};
}
