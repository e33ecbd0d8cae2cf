/* SPDX-License-Identifier: MIT */
/*
 * ring3_test.c - exercises 1.1 and 1.2: interrupts from ring 3.
 *
 * There are no programs before lab 6, so the test makes one: a page of code and
 * a page of stack in the lower half, in tables of its own that hang in slot 0 of
 * the top table while it runs. The code talks to the test by `int3`; a handler
 * takes the kernel back by going where ring3_enter left off. Ring 3's GS points
 * at a copy of the kernel's per-CPU head, so that a kernel that runs on the wrong
 * GS gets as far as the test's handler, which says so.
 */
#include <lab0/ktest.h>

#include <lab0/cpu.h>
#include <lab0/memory_layout.h>
#include <lab0/percpu.h>
#include <lab0/string.h>
#include <lab1/descriptors.h>
#include <lab1/exception.h>
#include <lab1/gdt.h>
#include <lab1/interrupt.h>

#include "arrive.h"

enum {
	CODE_AT = 0x400000,
	STACK_AT = 0x401000,
	STACK_TOP = 0x402000,
	GS_AT = 0x400800,		/* what ring 3's GS points at */
	GS_OFFSET = 64,			/* there, its word */
	ENTRIES = 512,
	TABLES = 4,
	VECTOR_OURS = VECTOR_FREE_END - 5,
	TF = 1 << 8,
	HLT = 0xf4,
	ROUNDS = 50,
};

#define GS_WORD 0x0123456789abcdeful

static uint64_t tables[TABLES - 1][ENTRIES] aligned(PAGE_SIZE);
static uint8_t code_page[PAGE_SIZE] aligned(PAGE_SIZE);
static uint8_t stack_page[PAGE_SIZE] aligned(PAGE_SIZE);

/* -- In and out -------------------------------------------------------------- */

uint64_t ring3_stack;
void ring3_enter(uint64_t rip, uint64_t rsp, uint64_t rflags);
void ring3_leave(void);

__asm__(
"	.pushsection .text\n"
"ring3_enter:\n"
	PUSH_KEPT
"	mov	%rsp, ring3_stack(%rip)\n"
"	swapgs\n"
"	push	$0x2b\n"
"	push	%rsi\n"
"	push	%rdx\n"
"	push	$0x33\n"
"	push	%rdi\n"
"	iretq\n"
"ring3_leave:\n"			/* from a handler: GS is the kernel's */
"	mov	ring3_stack(%rip), %rsp\n"
	POP_KEPT
"	cld\n"
"	ret\n"
"	.popsection\n"
);

static void
open_user_pages(void)
{
	uint64_t *pml4 = phys_to_virt(read_cr3() & PTE_ADDRESS);
	uint64_t rights = PTE_PRESENT | PTE_WRITE | PTE_USER;

	memcpy(&code_page[GS_AT - CODE_AT], percpu_self(),
	    sizeof(struct percpu_head));
	memcpy(&code_page[GS_AT - CODE_AT + GS_OFFSET],
	    &(uint64_t){ GS_WORD }, 8);
	memset(tables, 0, sizeof(tables));
	tables[2][CODE_AT >> 12 & 511] = virt_to_phys(code_page) | rights;
	tables[2][STACK_AT >> 12 & 511] = virt_to_phys(stack_page) | rights;
	tables[1][CODE_AT >> 21 & 511] = virt_to_phys(tables[2]) | rights;
	tables[0][0] = virt_to_phys(tables[1]) | rights;
	pml4[0] = virt_to_phys(tables[0]) | rights;
}

static void
close_user_pages(void)
{
	uint64_t *pml4 = phys_to_virt(read_cr3() & PTE_ADDRESS);

	pml4[0] = 0;
	write_cr3(read_cr3());
}

/* Run this code in ring 3 until a handler calls ring3_leave. */
static void
run(const void *text, size_t bytes, uint64_t rflags)
{
	uint64_t rsp0 = gdt_tss()->rsp[0];
	vaddr_t here = (vaddr_t)__builtin_frame_address(0);

	memset(code_page, HLT, sizeof(code_page));	/* #GP in ring 3 */
	memcpy(code_page, text, bytes);
	open_user_pages();
	gdt_set_rsp0(ALIGN_DOWN(here - 2048, 16));	/* below our frames */
	wrmsr(MSR_KERNEL_GS_BASE, GS_AT);
	ring3_enter(CODE_AT, STACK_TOP, rflags);
	wrmsr(MSR_GS_BASE, (vaddr_t)&percpu_start);	/* whatever happened */
	wrmsr(MSR_KERNEL_GS_BASE, 0);
	gdt_set_rsp0(rsp0);
	close_user_pages();
}

/* -- What the handlers saw ------------------------------------------------------ */

static struct seen {
	unsigned	count;		/* arrivals from ring 3 */
	unsigned	wrong_gs;	/* ... with GS not the kernel's */
	unsigned	wrong_user_gs;	/* ... with ring 3's base lost */
	unsigned	wrong_stack;	/* ... not right below RSP0 */
	unsigned	limit;		/* leave at this count */
	unsigned	leave_at;	/* offset of RIP that ends it, or 0 */
} seen;

static void
look(struct interrupt_frame *frame)
{
	if (frame->cs != (SELECTOR_USER_CODE | SELECTOR_RING3)) {
		if ((vaddr_t)ring3_enter <= frame->rip &&
		    frame->rip < (vaddr_t)ring3_leave)
			ring3_leave();		/* IRETQ refused */
		return;
	}
	seen.count++;
	seen.wrong_gs += rdmsr(MSR_GS_BASE) != (vaddr_t)&percpu_start;
	seen.wrong_user_gs += rdmsr(MSR_KERNEL_GS_BASE) != GS_AT;
	seen.wrong_stack += (vaddr_t)frame + sizeof(*frame)
	    != gdt_tss()->rsp[0];
	if (seen.count >= seen.limit ||
	    (seen.leave_at && frame->rip == CODE_AT + seen.leave_at))
		ring3_leave();
}

/* Run this code in ring 3, and look each time that the vector arrives. */
static void
run_caught(unsigned vector, const void *text, size_t bytes, uint64_t rflags)
{
	catch_begin(vector);
	caught.then = look;
	run(text, bytes, rflags);
	catch_end();
}

/* mov rax, gs:[64]; int3; mov rbx, gs:[64]; int3 */
static const uint8_t two_breakpoints[] = {
	0x65, 0x48, 0x8b, 0x04, 0x25, GS_OFFSET, 0, 0, 0, 0xcc,
	0x65, 0x48, 0x8b, 0x1c, 0x25, GS_OFFSET, 0, 0, 0, 0xcc,
};

/* Ring 3 runs and comes back: `int3` arrives on the stack of RSP0, and the frame
 * holds ring 3's selectors and stack. */
KTEST(ring_3_arrives_on_the_stack_of_rsp0, .exercise = "1.1", .weight = 2,
    .needs = "1.2,1.3")
{
	uint64_t flags = irq_save();

	seen = (struct seen){ .limit = 2 };
	run_caught(VECTOR_BP, two_breakpoints, sizeof(two_breakpoints), 2);
	irq_restore(flags);
	expect_eq(seen.count, 2);
	expect_eq(seen.wrong_stack, 0);
	expect_eq(caught.frame.cs, 0x33);
	expect_eq(caught.frame.ss, 0x2b);
	expect_eq(caught.frame.rsp, STACK_TOP);
	expect_eq(caught.frame.rip, CODE_AT + sizeof(two_breakpoints));
}

/* From ring 3 the handler has the kernel's GS, and ring 3 its own again. */
KTEST(ring_3_keeps_its_gs, .exercise = "1.2", .weight = 2, .needs = "1.3")
{
	uint64_t flags = irq_save();

	seen = (struct seen){ .limit = 2 };
	run_caught(VECTOR_BP, two_breakpoints, sizeof(two_breakpoints), 2);
	irq_restore(flags);
	expect_eq(seen.wrong_gs, 0);
	expect_eq(seen.wrong_user_gs, 0);
	expect_eq(caught.frame.rax, GS_WORD);
	expect_eq(caught.frame.rbx, GS_WORD);	/* read after the first int3 */
}

/* mov ecx, 100; 1: add rax, gs:[64]; inc rdx; dec ecx; jnz 1b; nop; nop */
static const uint8_t gs_loop[] = {
	0xb9, 100, 0, 0, 0,
	0x65, 0x48, 0x03, 0x04, 0x25, GS_OFFSET, 0, 0, 0,
	0x48, 0xff, 0xc2, 0xff, 0xc9, 0x75, 0xf0, 0x90, 0x90,
};

static void
step_in_ring3(unsigned vector)
{
	seen = (struct seen){
		.limit = 100 * 4 + 10, .leave_at = sizeof(gs_loop) - 1,
	};
	run_caught(vector, gs_loop, sizeof(gs_loop), 2 | TF);
}

/* #DB behind each instruction of ring 3: GS is right on both sides, each time. */
KTEST(debug_traps_in_ring_3_keep_gs, .exercise = "1.2", .weight = 1,
    .needs = "1.3")
{
	uint64_t flags = irq_save();

	step_in_ring3(VECTOR_DB);
	irq_restore(flags);
	expect_eq(seen.count, 100 * 4 + 2);
	expect_eq(seen.wrong_gs, 0);
	expect_eq(seen.wrong_user_gs, 0);
	expect_eq(caught.frame.rcx, 0);
}

/* An ordinary interrupt behind each instruction of ring 3: GS and the stack are
 * right each time. */
KTEST(interrupts_in_ring_3_keep_gs, .exercise = "1.2", .weight = 1,
    .needs = "1.3")
{
	uint64_t flags = irq_save();
	struct gate before = *arrive_gate(VECTOR_DB);

	arrive_gate_set(VECTOR_DB, vector_entries[VECTOR_OURS], 0, 0);
	step_in_ring3(VECTOR_OURS);
	*arrive_gate(VECTOR_DB) = before;
	percpu_self()->irq_depth = 0;	/* ring3_leave left the dispatch */
	irq_restore(flags);
	expect_eq(seen.count, 100 * 4 + 2);
	expect_eq(seen.wrong_gs, 0);
	expect_eq(seen.wrong_user_gs, 0);
	expect_eq(seen.wrong_stack, 0);
	expect_eq(caught.frame.rcx, 0);
}

/* #DB, NMI and #MC where ring 0 still has ring 3's GS: they look at the base. */
KTEST(a_trap_before_swapgs_finds_the_kernels_gs, .exercise = "1.2",
    .weight = 2, .needs = "1.3")
{
	static const unsigned vectors[] = {
		VECTOR_DB, VECTOR_NMI, VECTOR_MC, VECTOR_DF,
	};
	static const char *const names[] = {
		"that was #DB", "that was NMI", "that was #MC", "that was #DF",
	};
	uint64_t flags = irq_save();
	uint64_t gs = rdmsr(MSR_GS_BASE);

	open_user_pages();
	for (unsigned i = 0; i < 4 && !ktest_failed(); i++) {
		for (unsigned user = 0; user < 2 && !ktest_failed(); user++) {
			struct registers got = registers_random();
			uint64_t after, other;
			vaddr_t entry = vector_entries[vectors[i]];
			bool error = vectors[i] == VECTOR_DF;

			catch_begin(vectors[i]);
			wrmsr(MSR_KERNEL_GS_BASE, GS_AT);
			if (user)
				__asm__ volatile("swapgs" : : : "memory");
			arrive_made(&got, entry, error, 0);
			after = rdmsr(MSR_GS_BASE);
			other = rdmsr(MSR_KERNEL_GS_BASE);
			wrmsr(MSR_GS_BASE, gs);
			wrmsr(MSR_KERNEL_GS_BASE, 0);
			catch_end();
			ktest_check_eq(KTEST_HERE, "arrivals", caught.count, 1);
			ktest_check(KTEST_HERE, caught.gs_is_ours,
			    "the kernel's GS in the handler");
			ktest_check_eq(KTEST_HERE, "the GS base afterwards",
			    after, user ? GS_AT : gs);
			ktest_check_eq(KTEST_HERE, "the other GS base "
			    "afterwards", other, user ? gs : GS_AT);
			if (ktest_failed())
				ktest_note(names[i]);
		}
	}
	close_user_pages();
	irq_restore(flags);
}

/* `int n` of ring 3 is a #GP that names the gate, for every n but 3. */
KTEST(ring_3_may_not_use_other_gates, .exercise = "1.2", .weight = 1,
    .needs = "1.3")
{
	uint64_t flags = irq_save();

	for (unsigned i = 0; i < ROUNDS && !ktest_failed(); i++) {
		unsigned n = i == 0 ? 0x20 : i < 32 ? i
		    : (unsigned)ktest_random_below(VECTORS);
		const uint8_t text[] = { 0xcd, (uint8_t)n };

		if (n == 3)
			continue;
		seen = (struct seen){ .limit = 1 };
		run_caught(VECTOR_GP, text, sizeof(text), 2);
		ktest_check_eq(KTEST_HERE, "#GPs", seen.count, 1);
		/* A CPU tells the vector times 8; QEMU 7.2's TCG times 16. */
		if (caught.frame.error != (n << 4 | 2))
			ktest_check_eq(KTEST_HERE, "the error code",
			    caught.frame.error, n << 3 | 2);
		ktest_check_eq(KTEST_HERE, "RIP: the int itself",
		    caught.frame.rip, CODE_AT);
	}
	irq_restore(flags);
}

/* in al, 0x80 */
static const uint8_t port[] = { 0xe4, 0x80 };

/* Ring 3 may not use a port: the I/O map is behind the TSS's end. */
KTEST(ring_3_may_use_no_port, .exercise = "1.1", .weight = 1,
    .needs = "1.2,1.3")
{
	uint64_t flags = irq_save();

	seen = (struct seen){ .limit = 1 };
	run_caught(VECTOR_GP, port, sizeof(port), 2);
	irq_restore(flags);
	expect_eq(seen.count, 1);
	expect_eq(caught.frame.error, 0);
	expect_eq(caught.frame.rip, CODE_AT);
}
