/* SPDX-License-Identifier: MIT */
/*
 * exception_report.c - an exception that nothing can be done about.
 *
 * Owns      the facts of the exception being reported.
 * Offers    exception_report, exception_reported.
 * Stands on panic_with and its hooks, exception_words, the exercises 1.3 (error
 *           codes), 1.4 (page faults), 1.5 (stacks), each if it is written.
 * Invariant (1) an exception of the code that explains an exception is reported
 *           in its place, without an explanation; a third one just ends the
 *           machine;
 *           (2) CR2 is the reported exception's when the panic begins.
 */
#include <lab1/exception.h>

#include <lab0/cpu.h>
#include <lab0/memory_access.h>
#include <lab0/memory_layout.h>
#include <lab0/panic_hook.h>
#include <lab0/printk.h>
#include <lab0/symbols.h>
#include <lab0/todo.h>
#include <lab0/verdict.h>
#include <lab1/stacks.h>

#include "exception_words.h"

enum {
	HEADLINE_BYTES = 256,
	CODE_BEFORE = 8,		/* bytes shown in front of RIP */
	CODE_BYTES = 24,
	STACKS_MAX = 64,		/* one more would not be named */
};

/* What is reported; the code's bytes are read before the panic (2). */
static struct exception_facts facts;
static struct page_fault page_fault;
static struct selector_error selector;
static struct panic_registers registers;
static uint64_t operand;
static uint8_t code[CODE_BYTES];
static bool code_there[CODE_BYTES];
static char headline_text[HEADLINE_BYTES];

static unsigned explaining;		/* (1) */
static char doing_text[HEADLINE_BYTES];

/* -- Finding out ---------------------------------------------------------- */

static const char *
function_at(uint64_t address, uint64_t *offset)
{
	if (address < (vaddr_t)kernel_text)
		return NULL;
	return symbol_name_slow(address, offset);
}

static uint64_t
read_entry(paddr_t at)
{
	uint64_t entry;

	if (memory_access->read(&entry, (vaddr_t)phys_to_virt(at),
	    sizeof(entry)))
		return 0;
	return entry;
}

/* Bits that this CPU wants clear in every entry. */
static uint64_t
reserved_bits(void)
{
	unsigned width = cpuid(CPUID_ADDRESS_SIZES, 0).eax & 0xff;
	uint64_t bits = PTE_ADDRESS & ~((1ul << width) - 1);

	return rdmsr(MSR_EFER) & EFER_NXE ? bits : bits | PTE_NX;
}

static void
explain_page_fault(void)
{
	struct page_tables tables = {
		.root = read_cr3(),
		.reserved = reserved_bits(),
		.read = read_entry,
	};

	if (!exercise_written("1.4"))
		return;
	page_fault = page_fault_decode(facts.cr2, facts.frame->error, &tables);
	facts.page_fault = &page_fault;
}

static void
explain_selector(void)
{
	if (!exercise_written("1.3"))
		return;
	selector = selector_error_decode(facts.frame->error);
	facts.selector = &selector;
}

/*
 * stack_overflown of all stacks that are there for good. The boot stack, the
 * set's first, comes last, so that not every wrong answer happens to be it.
 */
static const struct stack_area *
overflown(vaddr_t address, uint64_t rsp)
{
	static struct stack_area all[STACKS_MAX];
	size_t count = MIN(SET_COUNT(stack_area), (size_t)STACKS_MAX);
	struct stack_area *next = &all[count];

	SET_FOREACH(const struct stack_area, area, stack_area) {
		if (next > all)
			*--next = *area;
	}
	return stack_overflown(all, count, address, rsp);
}

/*
 * A #PF that was delivered had room for its frame: only RSP tells of a full
 * stack then, and CR2 of somebody who strayed into a guard page.
 */
static void
explain_stack(void)
{
	const struct stack_area *stack;
	uint64_t rsp = facts.frame->rsp;

	if (!exercise_written("1.5"))
		return;
	stack = overflown(facts.frame->vector == VECTOR_DF ? facts.cr2 : rsp,
	    rsp);
	if (stack)
		facts.stack = stack->name;
	if (stack || facts.frame->vector != VECTOR_PF)
		return;
	stack = overflown(facts.cr2, rsp);
	if (stack)
		facts.guard = stack->name;
}

static void
read_code(void)
{
	for (unsigned i = 0; i < CODE_BYTES; i++)
		code_there[i] = memory_access->read(&code[i],
		    facts.frame->rip - CODE_BEFORE + i, 1) == 0;
}

/* A wild jump's address is RIP itself. */
static void
find_operand(void)
{
	size_t known = 0;

	while (CODE_BEFORE + known < CODE_BYTES &&
	    code_there[CODE_BEFORE + known])
		known++;
	operand = facts.frame->rip;
	if (known == 0 || exception_operand(facts.frame, &code[CODE_BEFORE],
	    known, &operand))
		facts.operand = &operand;
}

static void
find_caller(void)
{
	uint64_t back = exception_caller(facts.frame);

	if (back)		/* looked up in the call, not behind it */
		facts.caller = function_at(back - 1, &facts.caller_offset);
	facts.caller_offset++;
}

static void
explain(void)
{
	read_code();
	switch (facts.frame->vector) {
	case VECTOR_PF:
		explain_page_fault();
		explain_stack();
		break;
	case VECTOR_DF:
		explain_stack();
		break;
	case VECTOR_SS:
		explain_stack();
		/* fall through */
	case VECTOR_TS:
	case VECTOR_NP:
	case VECTOR_GP:
		if (facts.frame->error)
			explain_selector();
		else
			find_operand();
		break;
	}
	find_caller();
}

static struct panic_registers
registers_of(const struct interrupt_frame *f)
{
	return (struct panic_registers){
		.rax = f->rax, .rbx = f->rbx, .rcx = f->rcx, .rdx = f->rdx,
		.rsi = f->rsi, .rdi = f->rdi, .rbp = f->rbp, .rsp = f->rsp,
		.r8 = f->r8, .r9 = f->r9, .r10 = f->r10, .r11 = f->r11,
		.r12 = f->r12, .r13 = f->r13, .r14 = f->r14, .r15 = f->r15,
		.rip = f->rip, .rflags = f->rflags,
	};
}

/* -- The panic ------------------------------------------------------------ */

/* (1) "while a page fault at foo+0x12 was being explained" */
static const char *
doing(const struct exception_facts *first)
{
	struct words words = { doing_text, sizeof(doing_text), 0 };

	words_str(&words, "while a ");
	words_str(&words, exception_name((unsigned)first->frame->vector));
	words_str(&words, " at ");
	words_place(&words, first);
	words_str(&words, " was being explained");
	return doing_text;
}

noreturn static void printf_like(1, 2)
end(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	panic_with(&registers, NULL, 0, fmt, args);
}

void
exception_report(const struct interrupt_frame *frame)
{
	struct words words = { headline_text, sizeof(headline_text), 0 };
	const char *while_doing = NULL;
	uint64_t cr2 = read_cr2();

	irq_disable();
	if (explaining == 2)			/* (1) */
		verdict_exit(EXIT_PANIC);
	if (explaining)
		while_doing = doing(&facts);
	facts = (struct exception_facts){
		.frame = frame, .cr2 = cr2, .doing = while_doing,
	};
	registers = registers_of(frame);
	facts.function = function_at(frame->rip, &facts.offset);
	if (explaining++ == 0)
		explain();
	exception_headline(&words, &facts);
	explaining = 0;
	__asm__ volatile("mov %0, %%cr2" : : "r"(cr2));	/* (2) */
	end("%s", headline_text);
}

const struct interrupt_frame *
exception_reported(const struct panic_registers *regs)
{
	return regs == &registers ? facts.frame : NULL;
}

/* -- For the grader: one line a fact -------------------------------------- */

static void
begin_fact(const char *key)
{
	verdict_begin();
	verdict_str("fact: ");
	verdict_str(key);
	verdict_str("=");
}

static void
note(const char *key, uint64_t value)
{
	begin_fact(key);
	verdict_hex(value);
	verdict_end();
}

static void
note_text(const char *key, const char *value)
{
	begin_fact(key);
	verdict_str(value);
	verdict_end();
}

static void
note_page_fault(void)
{
	static const char *const accesses[] = {
		[ACCESS_READ] = "read", [ACCESS_WRITE] = "write",
		[ACCESS_EXECUTE] = "execute",
	};
	static const char *const causes[] = {
		[CAUSE_NOT_PRESENT] = "not_present",
		[CAUSE_READ_ONLY] = "read_only",
		[CAUSE_SUPERVISOR] = "supervisor",
		[CAUSE_NO_EXECUTE] = "no_execute",
		[CAUSE_RESERVED] = "reserved", [CAUSE_USER_PAGE] = "user_page",
		[CAUSE_OTHER] = "other", [CAUSE_NONE] = "none",
	};
	unsigned access = page_fault.access, cause = page_fault.cause;

	note("address", page_fault.address);
	note_text("access", access < ARRAY_SIZE(accesses) ?
	    accesses[access] : "?");
	note("user", page_fault.user);
	note_text("cause", cause < ARRAY_SIZE(causes) ? causes[cause] : "?");
	note("level", page_fault.level);
	note("entry", page_fault.entry);
}

static void
note_exception(const struct panic_registers *regs)
{
	const struct interrupt_frame *f = exception_reported(regs);

	if (!f)
		return;
	note("vector", f->vector);
	note("error", f->error);
	note("cr2", facts.cr2);
	note("rip", f->rip);
	note("cs", f->cs);
	note("rflags", f->rflags);
	note("rsp", f->rsp);
	note("ss", f->ss);
	note("rax", f->rax);
	note("rbx", f->rbx);
	note("rcx", f->rcx);
	note("rdx", f->rdx);
	note("rsi", f->rsi);
	note("rdi", f->rdi);
	note("rbp", f->rbp);
	note("r8", f->r8);
	note("r9", f->r9);
	note("r10", f->r10);
	note("r11", f->r11);
	note("r12", f->r12);
	note("r13", f->r13);
	note("r14", f->r14);
	note("r15", f->r15);
	if (facts.page_fault)
		note_page_fault();
	if (facts.selector) {
		note("external", selector.external);
		note("table", selector.table);
		note("index", selector.index);
	}
	if (facts.stack)
		note_text("stack", facts.stack);
	if (facts.guard)
		note_text("guard", facts.guard);
	if (facts.caller)
		note_text("caller", facts.caller);
}
HOOK_ADD(panic_note, note_exception);

/* -- For the screen ------------------------------------------------------- */

static void
show_code(void)
{
	console_printf("code:");
	for (unsigned i = 0; i < CODE_BYTES; i++) {
		const char *form = i == CODE_BEFORE ? " <%s>" : " %s";
		char byte[3] = "??";

		if (code_there[i])
			snprintk(byte, sizeof(byte), "%02x", code[i]);
		console_printf(form, byte);
	}
	console_printf("\n");
}

static void
show_segments(const struct interrupt_frame *f)
{
	uint16_t ds, es, fs, gs;

	__asm__ volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; "
	    "mov %%gs, %3" : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
	console_printf("cs %04lx  ss %04lx  ds %04x  es %04x  fs %04x  "
	    "gs %04x\n", f->cs, f->ss, ds, es, fs, gs);
	console_printf("fs base %016lx  gs base %016lx  other gs %016lx\n",
	    rdmsr(MSR_FS_BASE), rdmsr(MSR_GS_BASE), rdmsr(MSR_KERNEL_GS_BASE));
}

static void
show_exception(const struct panic_registers *regs)
{
	const struct interrupt_frame *f = exception_reported(regs);
	char text[128] = "";
	struct words words = { text, sizeof(text), 0 };

	if (!f)
		return;
	show_segments(f);
	console_printf("vector %lu %s %s", f->vector,
	    exception_name((unsigned)f->vector),
	    exception_mnemonic((unsigned)f->vector));
	if (exception_has_error((unsigned)f->vector)) {
		exception_error_words(&words, (unsigned)f->vector, f->error,
		    facts.selector);
		console_printf(", error code 0x%lx: %s", f->error, text);
	}
	console_printf("\n");
	if (facts.page_fault && page_fault.level)
		console_printf("%s entry 0x%016lx\n",
		    page_table_name(page_fault.level), page_fault.entry);
	show_code();
	if (facts.caller)
		console_printf("called from %s+0x%lx\n", facts.caller,
		    facts.caller_offset);
}
HOOK_ADD(panic_show, show_exception);
