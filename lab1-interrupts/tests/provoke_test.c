/* SPDX-License-Identifier: MIT */
/*
 * provoke_test.c - exercise 1.2: exceptions that the CPU itself raises.
 *
 * Each piece of code faults at its first byte and would go on to `ret`; the
 * handler skips the faulting instruction. What QEMU's TCG cannot raise in ring 0
 * (#TS, #AC, #XM, #VE, #CP, #HV, #VC, #SX) arrives by hand in entry_test.c.
 */
#include <lab0/ktest.h>

#include <lab0/cpu.h>
#include <lab0/memory_layout.h>
#include <lab0/string.h>
#include <lab1/gdt.h>
#include <lab1/interrupt.h>
#include <lab1/vectors.h>

#include "arrive.h"
#include "load_tables.h"

enum { EMPTY_SELECTOR = 0x18, CR0_TS = 1 << 3, CR0_NE = 1 << 5 };

#define PROVOKE(name, instruction) \
	extern char provoke_##name[], provoke_##name##_end[]; \
	__asm__(".pushsection .text\n" \
	    "provoke_" #name ":\n" instruction "\n" \
	    "provoke_" #name "_end: ret\n" \
	    ".popsection\n")

PROVOKE(de, "div %cl");			/* by 0 */
PROVOKE(ud, "ud2");
PROVOKE(nm, "fnop");				/* CR0.TS is set */
PROVOKE(mf, "fwait");			/* a division by 0 is pending */
PROVOKE(gp, "mov %cx, %ds");			/* beyond the table */
PROVOKE(np, "mov %cx, %ds");			/* not present */
PROVOKE(ss, "mov %cx, %ss");			/* not present */
PROVOKE(pf, "mov (%rcx), %al");		/* not mapped */
PROVOKE(df, "mov %cx, %ds");			/* #GP without a gate */

struct provoked {
	const char	*name;
	unsigned	vector;
	const char	*code, *end;
	uint64_t	rcx;
	uint64_t	error;
};

#define CASE(name_, vector_, rcx_, error_) \
	{ "#" #name_, vector_, provoke_##name_, provoke_##name_##_end, rcx_, \
	    error_ }

static const struct provoked cases[] = {
	CASE(de, VECTOR_DE, 0, 0),
	CASE(ud, VECTOR_UD, 0, 0),
	CASE(nm, VECTOR_NM, 0, 0),
	CASE(mf, VECTOR_MF, 0, 0),
	CASE(gp, VECTOR_GP, 0xabc8, 0xabc8),
	CASE(np, VECTOR_NP, EMPTY_SELECTOR, EMPTY_SELECTOR),
	CASE(ss, VECTOR_SS, EMPTY_SELECTOR, EMPTY_SELECTOR),
	CASE(pf, VECTOR_PF, 0x10, 0),
	CASE(df, VECTOR_DF, 0xabc8, 0),
};

static uint64_t resume;

static void
skip(struct interrupt_frame *frame)
{
	frame->rip = resume;
}

/* What a case needs around it; `on` before, off after. */
static void
surroundings(const struct provoked *one, bool on)
{
	static const uint16_t zero_divide = 0x037b;	/* only ZM is unmasked */
	static uint64_t cr0;
	static struct gate gate_gp;
	struct table_register gdtr;
	uint64_t *gdt;

	__asm__ volatile("sgdt %0" : "=m"(gdtr));
	gdt = (uint64_t *)gdtr.base;
	switch (one->vector) {
	case VECTOR_NM:
		cr0 = on ? read_cr0() : cr0;
		write_cr0(on ? cr0 | CR0_TS : cr0);
		break;
	case VECTOR_MF:
		if (on) {
			cr0 = read_cr0();
			write_cr0((cr0 | CR0_NE) & ~(uint64_t)CR0_TS);
			__asm__ volatile("fninit; fldcw %0; fld1; fldz; "
			    "fdivrp %%st, %%st(1)" : : "m"(zero_divide));
		} else {
			__asm__ volatile("fninit");
			write_cr0(cr0);
		}
		break;
	case VECTOR_NP:
	case VECTOR_SS:		/* a writable data segment, P clear */
		gdt[EMPTY_SELECTOR / 8] = on ? 0x00cf13000000ffff : 0;
		break;
	case VECTOR_DF:
		if (on) {
			gate_gp = *arrive_gate(VECTOR_GP);
			arrive_gate(VECTOR_GP)->attributes &= 0x7f;
		} else {
			*arrive_gate(VECTOR_GP) = gate_gp;
		}
		break;
	}
}

/* Faults of the CPU's own, with and without error code, arrive with the right
 * frame, and the code behind them goes on. */
KTEST(the_cpus_own_exceptions_arrive, .exercise = "1.2", .weight = 2,
    .needs = "1.3")
{
	uint64_t flags = irq_save();

	for (unsigned i = 0; i < ARRAY_SIZE(cases) && !ktest_failed(); i++) {
		const struct provoked *one = &cases[i];
		struct registers sent = registers_random(), got;

		sent.rcx = one->rcx;
		got = sent;
		resume = (vaddr_t)one->end;
		catch_begin(one->vector);
		caught.then = skip;
		surroundings(one, true);
		arrive_through(&got, (vaddr_t)one->code, 24);
		surroundings(one, false);
		catch_end();
		ktest_check_eq(KTEST_HERE, "arrivals", caught.count, 1);
		ktest_check_eq(KTEST_HERE, "the vector", caught.frame.vector,
		    one->vector);
		ktest_check_eq(KTEST_HERE, "the error code",
		    caught.frame.error, one->error);
		ktest_check_eq(KTEST_HERE, "RIP", caught.frame.rip,
		    (vaddr_t)one->code);
		ktest_check_eq(KTEST_HERE, "RSP", caught.frame.rsp, arrive_rsp);
		ktest_check_eq(KTEST_HERE, "RAX", got.rax, sent.rax);
		ktest_check_eq(KTEST_HERE, "R15", got.r15, sent.r15);
		if (ktest_failed())
			ktest_note(one->name);
	}
	__asm__ volatile("mov %0, %%ds" : : "r"(SELECTOR_KERNEL_DATA));
	irq_restore(flags);
}
