/* SPDX-License-Identifier: MIT */
/*
 * exception_words_test.c - every exception and error code in words.
 *
 * Stands on exception_words.h only.
 */
#include "../exception_words.h"

#include <lab0/ktest.h>
#include <lab0/string.h>

static char text[256];
static struct interrupt_frame frame;
static struct exception_facts facts;

static const char *
headline(void)
{
	struct words words = { text, sizeof(text), 0 };

	exception_headline(&words, &facts);
	return text;
}

static void
exception_of(unsigned vector, uint64_t error)
{
	memset(&frame, 0, sizeof(frame));
	frame.vector = vector;
	frame.error = error;
	frame.cs = 8;
	facts = (struct exception_facts){
		.frame = &frame, .function = "foo", .offset = 0x12,
	};
}

/* The vectors with an error code, and the names of all. */
KTEST(exceptions_have_names_and_error_codes)
{
	static const unsigned with[] = { 8, 10, 11, 12, 13, 14, 17, 21, 29,
		30 };
	unsigned seen = 0;

	for (unsigned vector = 0; vector < 40; vector++) {
		bool wanted = seen < ARRAY_SIZE(with) && with[seen] == vector;

		expect_eq(exception_has_error(vector), wanted);
		seen += wanted;
		expect(exception_name(vector)[0] != '\0');
	}
	expect_streq(exception_name(14), "page fault");
	expect_streq(exception_mnemonic(8), "#DF");
	expect_streq(exception_name(15), "reserved");
	expect_streq(exception_mnemonic(31), "");
	expect_streq(exception_name(32), "reserved");
}

/* A page fault's sentence says what, to what, by whom, where and why. */
KTEST(a_page_fault_is_one_sentence)
{
	struct page_fault fault = {
		.cause = CAUSE_NOT_PRESENT, .level = 4,
	};

	exception_of(VECTOR_PF, PF_WRITE);
	facts.cr2 = 0x10;
	expect_streq(headline(), "page fault: write to 0x0000000000000010 by "
	    "the kernel at foo+0x12: error code 0x2");
	facts.page_fault = &fault;
	expect_streq(headline(), "page fault: write to 0x0000000000000010 by "
	    "the kernel at foo+0x12: PML4 entry not present");
	facts.guard = "boot stack";
	expect_streq(headline(), "page fault: write to 0x0000000000000010 by "
	    "the kernel at foo+0x12: PML4 entry not present, in the guard page "
	    "of the boot stack");
	facts.guard = NULL;
	frame.error = PF_FETCH | PF_USER | PF_PRESENT;
	frame.rip = 0x400123;
	facts.function = NULL;
	fault = (struct page_fault){ .cause = CAUSE_NO_EXECUTE, .level = 1 };
	expect_streq(headline(), "page fault: instruction fetch from "
	    "0x0000000000000010 by user code at 0x0000000000400123: PT entry "
	    "no-execute");
	fault = (struct page_fault){ .cause = CAUSE_NONE };
	frame.error = 0;
	facts.caller = "bar";
	facts.caller_offset = 0x7;
	facts.cr2 = UINT64_MAX;
	expect_streq(headline(), "page fault: read from 0xffffffffffffffff by "
	    "the kernel at 0x0000000000400123 (called from bar+0x7): the page "
	    "tables allow it now");
}

/* A selector error names table, slot and event; without one the address that
 * was none is named, if it is known. */
KTEST(a_protection_fault_names_the_selector)
{
	struct selector_error selector = {
		.table = TABLE_LDT, .index = 5, .external = true,
	};
	uint64_t operand = 0x0000800000000000;

	exception_of(VECTOR_GP, 0x2d);
	facts.selector = &selector;
	expect_streq(headline(), "general protection at foo+0x12: error code "
	    "0x2d: LDT slot 5 (selector 0x28), during an event from outside");
	selector = (struct selector_error){ .table = TABLE_IDT, .index = 33 };
	frame.error = 0x10a;
	expect_streq(headline(), "general protection at foo+0x12: error code "
	    "0x10a: IDT vector 33");

	exception_of(VECTOR_SS, 0);
	expect_streq(headline(), "stack segment fault at foo+0x12");
	facts.operand = &operand;
	expect_streq(headline(), "stack segment fault at foo+0x12: "
	    "0x0000800000000000 is no canonical address");
	operand = 0xffff800000000000;
	expect_streq(headline(), "stack segment fault at foo+0x12");
	exception_of(VECTOR_DE, 0);
	frame.cs = 0x33;
	expect_streq(headline(), "divide error in user code at foo+0x12");
}

/* The address of a memory operand is worked out from the instruction. */
KTEST(a_memory_operand_is_found)
{
	static const struct {
		uint8_t code[12];
		uint64_t address;		/* 0: none */
	} cases[] = {
		{ { 0x48, 0x8b, 0x3f }, 0x700000 },	/* mov rdi, [rdi] */
		{ { 0x8b, 0x46, 0xf8 }, 0x5ffff8 },	/* mov eax, [rsi-8] */
		{ { 0x49, 0x89, 0x84, 0xcd, 0x00, 0x01, 0, 0 },
		    0xd00100 + 8 * 0x100000 },	/* mov [r13+rcx*8+256], rax */
		{ { 0x42, 0x8b, 0x04, 0xa5, 0xf0, 0xff, 0xff, 0xff },
		    4 * 0xc00000 - 16 },	/* mov eax, [r12*4-16] */
		{ { 0x66, 0x0f, 0x6f, 0x04, 0x24 }, 0x400000 },	/* [rsp] */
		{ { 0x0f, 0xb6, 0x45, 0x10 }, 0x500010 },	/* [rbp+16] */
		{ { 0x41, 0xff, 0x16 }, 0xe00000 },	/* call [r14] */
		{ { 0xf3, 0x48, 0xab }, 0x700000 },	/* rep stosq */
		{ { 0xf3, 0xa4 }, 0x700000 },		/* rep movsb */
		{ { 0x55 }, 0x400000 },			/* push rbp */
		{ { 0xc3 }, 0x400000 },			/* ret */
		{ { 0x48, 0x89, 0xc8 }, 0 },		/* mov rax, rcx */
		{ { 0x8b, 0x05, 1, 2, 3, 4 }, 0 },	/* [rip+n] */
		{ { 0x0f, 0x0b }, 0 },			/* ud2 */
		{ { 0x0f, 0x32 }, 0 },			/* rdmsr */
		{ { 0x8d, 0x07 }, 0 },			/* lea */
		{ { 0x64, 0x8b, 0x07 }, 0 },		/* fs: */
		{ { 0x67, 0x8b, 0x07 }, 0 },		/* [edi] */
	};

	exception_of(VECTOR_GP, 0);
	frame.rax = 0xf00000;			/* number n is n << 20 */
	frame.rcx = 1 << 20;
	frame.rdx = 2 << 20;
	frame.rbx = 3 << 20;
	frame.rsp = 4 << 20;
	frame.rbp = 5 << 20;
	frame.rsi = 6 << 20;
	frame.rdi = 7 << 20;
	frame.r12 = 12 << 20;
	frame.r13 = 13 << 20;
	frame.r14 = 14 << 20;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t address = 0;
		bool known = exception_operand(&frame, cases[i].code,
		    sizeof(cases[i].code), &address);

		expect_eq(known ? address : 0, cases[i].address);
		expect(!exception_operand(&frame, cases[i].code, 0, &address));
	}
	frame.rsi = 1ul << 63;			/* movs: either may be it */
	uint64_t address = 0;
	expect(exception_operand(&frame, cases[8].code, 2, &address));
	expect_eq(address, 1ul << 63);
	expect(!exception_operand(&frame, cases[1].code, 2, &address));
}

/* A full stack is called that, whatever vector told of it. */
KTEST(a_stack_overflow_is_named)
{
	exception_of(VECTOR_DF, 0);
	facts.stack = "boot stack";
	expect_streq(headline(), "kernel stack overflow: the boot stack is "
	    "full in foo+0x12 (double fault)");
	facts.doing = "while a page fault at bar+0x1 was being explained";
	expect_streq(headline(), "kernel stack overflow: the boot stack is "
	    "full in foo+0x12 (double fault), while a page fault at bar+0x1 "
	    "was being explained");
}

/* Text that does not fit is cut, and ends. */
KTEST(words_stay_in_their_room)
{
	char small[8] = "#######";
	struct words words = { small, 5, 0 };

	words_str(&words, "ab");
	words_hex(&words, 0x1234);
	expect_streq(small, "ab0x");
	words_dec(&words, 7);
	expect_streq(small, "ab0x");
	expect_eq(small[5], '#');
	words = (struct words){ small, 0, 0 };
	words_str(&words, "x");
	expect_eq(small[0], 'a');
	words = (struct words){ text, sizeof(text), 0 };
	words_dec(&words, 0);
	words_str(&words, " ");
	words_dec(&words, UINT64_MAX);
	words_str(&words, " ");
	words_hex(&words, 0);
	words_str(&words, " ");
	words_address(&words, 0xabc);
	expect_streq(text, "0 18446744073709551615 0x0 0x0000000000000abc");
}
