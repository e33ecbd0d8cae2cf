/* SPDX-License-Identifier: MIT */
/*
 * exception_words.c - an exception in words.
 *
 * Has its own small formatter, so that a report needs no exercise of lab 0.
 *
 * Owns      the names of the exceptions and of their error codes' bits.
 * Offers    exception_name, exception_mnemonic, exception_has_error;
 *           exception_words.h.
 * Stands on nothing; also builds on the host.
 * Source    Intel SDM 3A "Exception and Interrupt Reference", "Error Code";
 *           SDM 1 "Canonical Addressing"; AMD64 APM 2 "Vectors" (28 to 30).
 */
#include "exception_words.h"

#include <lab0/memory_layout.h>

struct exception_text {
	const char	*name;
	const char	*mnemonic;
	bool		has_error;
};

static const struct exception_text texts[EXCEPTIONS] = {
	[VECTOR_DE] = { "divide error", "#DE", false },
	[VECTOR_DB] = { "debug exception", "#DB", false },
	[VECTOR_NMI] = { "non-maskable interrupt", "NMI", false },
	[VECTOR_BP] = { "breakpoint", "#BP", false },
	[VECTOR_OF] = { "overflow", "#OF", false },
	[VECTOR_BR] = { "bound range exceeded", "#BR", false },
	[VECTOR_UD] = { "invalid opcode", "#UD", false },
	[VECTOR_NM] = { "no FPU available", "#NM", false },
	[VECTOR_DF] = { "double fault", "#DF", true },
	[VECTOR_TS] = { "invalid TSS", "#TS", true },
	[VECTOR_NP] = { "segment not present", "#NP", true },
	[VECTOR_SS] = { "stack segment fault", "#SS", true },
	[VECTOR_GP] = { "general protection", "#GP", true },
	[VECTOR_PF] = { "page fault", "#PF", true },
	[VECTOR_MF] = { "x87 floating-point error", "#MF", false },
	[VECTOR_AC] = { "alignment check", "#AC", true },
	[VECTOR_MC] = { "machine check", "#MC", false },
	[VECTOR_XM] = { "SIMD floating-point error", "#XM", false },
	[VECTOR_VE] = { "virtualization exception", "#VE", false },
	[VECTOR_CP] = { "control protection", "#CP", true },
	[VECTOR_HV] = { "hypervisor injection", "#HV", false },
	[VECTOR_VC] = { "VMM communication", "#VC", true },
	[VECTOR_SX] = { "security exception", "#SX", true },
};

const char *
exception_name(unsigned vector)
{
	return vector < EXCEPTIONS && texts[vector].name ?
	    texts[vector].name : "reserved";
}

const char *
exception_mnemonic(unsigned vector)
{
	return vector < EXCEPTIONS && texts[vector].name ?
	    texts[vector].mnemonic : "";
}

bool
exception_has_error(unsigned vector)
{
	return vector < EXCEPTIONS && texts[vector].has_error;
}

/* -- Text ----------------------------------------------------------------- */

void
words_str(struct words *words, const char *text)
{
	while (*text && words->length + 1 < words->size)
		words->text[words->length++] = *text++;
	if (words->size)
		words->text[words->length] = '\0';
}

static void
number(struct words *words, uint64_t value, unsigned base, unsigned least)
{
	char digits[21], *at = &digits[20];

	*at = '\0';
	for (; value || least; value /= base, least -= least > 0)
		*--at = "0123456789abcdef"[value % base];
	words_str(words, at);
}

void
words_dec(struct words *words, uint64_t value)
{
	number(words, value, 10, 1);
}

void
words_hex(struct words *words, uint64_t value)
{
	words_str(words, "0x");
	number(words, value, 16, 1);
}

void
words_address(struct words *words, uint64_t value)
{
	words_str(words, "0x");
	number(words, value, 16, 16);
}

void
words_symbol(struct words *words, const char *function, uint64_t offset)
{
	words_str(words, function);
	words_str(words, "+");
	words_hex(words, offset);
}

/* -- The error code ------------------------------------------------------- */

static const char *const table_names[] = {
	[TABLE_GDT] = "GDT", [TABLE_IDT] = "IDT", [TABLE_LDT] = "LDT",
};

static void
selector_words(struct words *words, const struct selector_error *selector)
{
	words_str(words, (unsigned)selector->table < ARRAY_SIZE(table_names) ?
	    table_names[selector->table] : "unknown table");
	words_str(words, selector->table == TABLE_IDT ? " vector " : " slot ");
	words_dec(words, selector->index);
	if (selector->table != TABLE_IDT) {
		words_str(words, " (selector ");
		words_hex(words, (uint64_t)selector->index * 8);
		words_str(words, ")");
	}
	if (selector->external)
		words_str(words, ", during an event from outside");
}

static void
page_fault_words(struct words *words, uint64_t error)
{
	words_str(words, error & PF_FETCH ? "fetch" :
	    error & PF_WRITE ? "write" : "read");
	words_str(words, error & PF_PRESENT ? ", no right" :
	    ", no translation");
	words_str(words, error & PF_USER ? ", in ring 3" : ", in ring 0 to 2");
	if (error & PF_RESERVED)
		words_str(words, ", reserved bit set");
	if (error & PF_PKEY)
		words_str(words, ", protection key");
	if (error & PF_SHADOW_STACK)
		words_str(words, ", shadow stack");
}

/* SDM 3A "Interrupt 21-Control Protection Exception (#CP)". */
static void
control_words(struct words *words, uint64_t error)
{
	static const char *const kinds[] = {
		"?", "near return", "far return or iret", "no endbranch",
		"bad rstorssp", "bad setssbsy",
	};
	uint64_t kind = error & 0x7fff;

	words_str(words, kind < ARRAY_SIZE(kinds) ? kinds[kind] : "?");
}

void
exception_error_words(struct words *words, unsigned vector, uint64_t error,
    const struct selector_error *selector)
{
	if (vector == VECTOR_PF)
		page_fault_words(words, error);
	else if (vector == VECTOR_CP)
		control_words(words, error);
	else if (vector == VECTOR_SX)
		words_str(words, error == 1 ? "INIT redirected" : "?");
	else if (vector == VECTOR_VC)
		words_str(words, "exit code of the guest");
	else if (vector == VECTOR_DF || vector == VECTOR_AC)
		words_str(words, "always 0");
	else if (error == 0)
		words_str(words, "no selector");
	else if (selector)
		selector_words(words, selector);
	else
		words_str(words, "not decoded");
}

/* -- The headline --------------------------------------------------------- */

const char *
page_table_name(unsigned level)
{
	static const char *const names[] = { "no", "PT", "PD", "PDPT", "PML4" };

	return level < ARRAY_SIZE(names) ? names[level] : "?";
}

/* Behind "PML4 entry "; NULL: the cause is not one entry's. */
static const char *
cause_of_entry(enum page_fault_cause cause)
{
	switch (cause) {
	case CAUSE_NOT_PRESENT:
		return "not present";
	case CAUSE_READ_ONLY:
		return "read-only";
	case CAUSE_SUPERVISOR:
		return "the kernel's";
	case CAUSE_NO_EXECUTE:
		return "no-execute";
	case CAUSE_RESERVED:
		return "with a reserved bit set";
	case CAUSE_USER_PAGE:
		return "a user's (SMEP or SMAP)";
	default:
		return NULL;
	}
}

static void
cause_words(struct words *words, const struct page_fault *fault)
{
	if (fault->level && cause_of_entry(fault->cause)) {
		words_str(words, page_table_name(fault->level));
		words_str(words, " entry ");
		words_str(words, cause_of_entry(fault->cause));
	} else if (fault->cause == CAUSE_RESERVED) {
		words_str(words, "a reserved bit is set in some entry");
	} else if (fault->cause == CAUSE_OTHER) {
		words_str(words, "protection key or shadow stack");
	} else {
		words_str(words, "the page tables allow it now");
	}
}

void
words_place(struct words *words, const struct exception_facts *facts)
{
	if (facts->function)
		words_symbol(words, facts->function, facts->offset);
	else
		words_address(words, facts->frame->rip);
}

static void
where(struct words *words, const struct exception_facts *facts)
{
	words_place(words, facts);
	if (facts->caller && !facts->function) {
		words_str(words, " (called from ");
		words_symbol(words, facts->caller, facts->caller_offset);
		words_str(words, ")");
	}
}

static void
page_fault_headline(struct words *words, const struct exception_facts *facts)
{
	uint64_t error = facts->frame->error;

	words_str(words, error & PF_FETCH ? ": instruction fetch from " :
	    error & PF_WRITE ? ": write to " : ": read from ");
	words_address(words, facts->cr2);
	words_str(words, error & PF_USER ? " by user code at " :
	    " by the kernel at ");
	where(words, facts);
	words_str(words, ": ");
	if (facts->page_fault) {
		cause_words(words, facts->page_fault);
	} else {
		words_str(words, "error code ");
		words_hex(words, error);
	}
	if (facts->guard) {
		words_str(words, ", in the guard page of the ");
		words_str(words, facts->guard);
	}
}

static void
error_headline(struct words *words, const struct exception_facts *facts)
{
	const struct interrupt_frame *frame = facts->frame;

	if (frame->error) {
		words_str(words, ": error code ");
		words_hex(words, frame->error);
		words_str(words, ": ");
		exception_error_words(words, (unsigned)frame->vector,
		    frame->error, facts->selector);
	} else if (facts->operand && !exception_canonical(*facts->operand)) {
		words_str(words, ": ");
		words_address(words, *facts->operand);
		words_str(words, " is no canonical address");
	}
}

void
exception_headline(struct words *words, const struct exception_facts *facts)
{
	unsigned vector = (unsigned)facts->frame->vector;

	if (facts->stack) {
		words_str(words, "kernel stack overflow: the ");
		words_str(words, facts->stack);
		words_str(words, " is full in ");
		where(words, facts);
		words_str(words, " (");
		words_str(words, exception_name(vector));
		words_str(words, ")");
	} else if (vector == VECTOR_PF) {
		words_str(words, exception_name(vector));
		page_fault_headline(words, facts);
	} else {
		words_str(words, exception_name(vector));
		words_str(words, facts->frame->cs & 3 ? " in user code at " :
		    " at ");
		where(words, facts);
		error_headline(words, facts);
	}
	if (facts->doing) {
		words_str(words, ", ");
		words_str(words, facts->doing);
	}
}

bool
exception_canonical(uint64_t address)
{
	return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}
