/* SPDX-License-Identifier: MIT */
/*
 * fault_command.c - any exception, on purpose.
 *
 * Most end in a panic, and the monitor runs on afterwards: what a provocation
 * changed of the machine is put back while the panic is shown.
 *
 * Owns      the spare slot of the GDT while a provocation needs it.
 * Offers    the monitor command fault.
 * Source    Intel SDM 3A "Exception and Interrupt Reference", "Segment
 *           Descriptors"; SDM 2A "INT n/INTO/INT3/INT1", "BOUND".
 */
#include <lab0/monitor.h>

#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/memory_layout.h>
#include <lab0/panic_hook.h>
#include <lab0/printk.h>
#include <lab0/string.h>
#include <lab1/descriptors.h>
#include <lab1/exception.h>

#include "load_tables.h"

#define CR0_EM		(1ul << 2)	/* x87 instructions are #UD or #NM */
#define CR0_TS		(1ul << 3)	/* ... and so is the first one */
#define CR0_NE		(1ul << 5)	/* x87 errors are #MF */
#define CR4_OSFXSR	(1ul << 9)	/* SSE instructions are allowed */
#define CR4_OSXMMEXCPT	(1ul << 10)	/* ... and their errors #XM */

enum {
	SPARE_SLOT = 3,			/* 0x18, empty */
	SELECTOR_BEYOND = 0xfff8,	/* behind the table's end */
	TSS_SLOT = SELECTOR_TSS / 8,
	STACK_STEP = 64,
};

#define ABSENT_DATA	0x0000120000000000ul	/* writable, not present */
#define TSS_BUSY	0x0000020000000000ul
#define TSS_LIMIT	0x000f00000000fffful
#define NOT_CANONICAL	0x8000000000000000ul
#define UNMAPPED	0xffffc00000123450ul
#define NULL_FIELD	0x10ul

struct provocation {
	const char	*name;
	const char	*text;
	void		(*run)(uint64_t address);	/* NULL: impossible */
	uint64_t	address;	/* if the command gives none */
};

/* -- What is put back ----------------------------------------------------- */

static struct {
	uint64_t	cr0, cr4;
	uint64_t	spare, tss;
	bool		changed, nested;
} before;

static uint64_t *
gdt(void)
{
	struct table_register table;

	__asm__ volatile("sgdt %0" : "=m"(table));
	return (uint64_t *)table.base;
}

static void
remember(void)
{
	before.cr0 = read_cr0();
	before.cr4 = read_cr4();
	before.spare = gdt()[SPARE_SLOT];
	before.tss = gdt()[TSS_SLOT];
	before.changed = true;
}

static void
load_tss(uint64_t descriptor)
{
	gdt()[TSS_SLOT] = descriptor & ~TSS_BUSY;
	__asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS) : "memory");
}

static void
put_back(void)
{
	if (!before.changed)
		return;
	before.changed = false;
	write_cr0(before.cr0);
	write_cr4(before.cr4);
	gdt()[SPARE_SLOT] = before.spare;
	if (gdt()[TSS_SLOT] != before.tss)
		load_tss(before.tss);
}

static void
in_panic(const struct panic_registers *regs)
{
	(void)regs;
	if (before.nested)
		*(volatile uint64_t *)UNMAPPED = 0;
	put_back();
}
HOOK_ADD(panic_show, in_panic);

/* -- The provocations ----------------------------------------------------- */

static void
provoke_de(uint64_t address)
{
	(void)address;
	__asm__ volatile("xorl %%edx, %%edx; xorl %%ecx, %%ecx; divl %%ecx"
	    : : "a"(1) : "ecx", "edx", "cc");
}

static void
provoke_db(uint64_t address)
{
	(void)address;
	__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; nop"
	    : : : "cc", "memory");
}

static void
provoke_bp(uint64_t address)
{
	(void)address;
	__asm__ volatile("int3");
}

static void
provoke_of(uint64_t address)
{
	(void)address;
	__asm__ volatile("int $4");
}

static void
provoke_br(uint64_t address)
{
	(void)address;
	__asm__ volatile("int $5");
}

static void
provoke_ud(uint64_t address)
{
	(void)address;
	__asm__ volatile("ud2");
}

static void
provoke_nm(uint64_t address)
{
	(void)address;
	write_cr0(read_cr0() | CR0_TS);
	__asm__ volatile("fnop");
}

/* No stack to push on: the page fault's own pushes fault. */
static void
provoke_df(uint64_t address)
{
	__asm__ volatile("movq %0, %%rsp; pushq $0" : : "r"(address));
}

/* A TSS too short for the stack that the vector's gate asks of it. */
static void
provoke_ts(uint64_t address)
{
	(void)address;
	load_tss((before.tss & ~TSS_LIMIT) | 0x10);
	__asm__ volatile("int $2");
}

static void
provoke_np(uint64_t address)
{
	(void)address;
	gdt()[SPARE_SLOT] = ABSENT_DATA;
	__asm__ volatile("movw %w0, %%es" : : "r"(SPARE_SLOT * 8));
}

static void
provoke_ss(uint64_t address)
{
	(void)address;
	gdt()[SPARE_SLOT] = ABSENT_DATA;
	__asm__ volatile("movw %w0, %%ss" : : "r"(SPARE_SLOT * 8));
}

static void
provoke_gp_selector(uint64_t address)
{
	(void)address;
	__asm__ volatile("movw %w0, %%es" : : "r"(SELECTOR_BEYOND));
}

static void
provoke_read(uint64_t address)
{
	uint64_t value;

	__asm__ volatile("movq (%1), %0" : "=r"(value) : "r"(address));
}

static void
provoke_write(uint64_t address)
{
	__asm__ volatile("movq $0, (%0)" : : "r"(address) : "memory");
}

static void
provoke_execute(uint64_t address)
{
	__asm__ volatile("call *%0" : : "r"(address) : "memory");
}

static void
provoke_mf(uint64_t address)
{
	uint16_t control = 0x37b;	/* all but divide by zero masked */

	(void)address;
	write_cr0((read_cr0() & ~(CR0_EM | CR0_TS)) | CR0_NE);
	__asm__ volatile("fninit; fldcw %0; fld1; fldz; fdivrp; fwait"
	    : : "m"(control));
}

static void
provoke_xm(uint64_t address)
{
	uint32_t control = 0x1d80;	/* all but divide by zero masked */

	(void)address;
	write_cr0(read_cr0() & ~(CR0_EM | CR0_TS));
	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
	__asm__ volatile("ldmxcsr %0; xorps %%xmm1, %%xmm1; "
	    "movl $0x3f800000, %%eax; movd %%eax, %%xmm0; divss %%xmm1, %%xmm0"
	    : : "m"(control) : "eax");
}

/* Uses up the stack, so many bytes each call. */
__attribute__((noinline)) static void
provoke_deeper(uint64_t bytes)
{
	volatile uint8_t *room = __builtin_alloca(bytes);

	room[0] = (uint8_t)bytes;
	if (bytes)
		provoke_deeper(bytes);
	__asm__ volatile("");		/* no tail call */
}

static void
provoke_stack(uint64_t bytes)
{
	/* A larger step could leap over the guard page. */
	provoke_deeper(MIN(MAX(bytes, 1ul), PAGE_SIZE / 2));
}

/* A frame pointer that leads nowhere. */
static void
provoke_rbp(uint64_t address)
{
	__asm__ volatile("movq %0, %%rbp; ud2" : : "r"(address));
}

static void
provoke_nested(uint64_t address)
{
	before.nested = true;
	provoke_write(address);
}

static const struct provocation provocations[] = {
	{ "de", "divide by zero", provoke_de, 0 },
	{ "db", "single step; resumes", provoke_db, 0 },
	{ "bp", "int3; resumes", provoke_bp, 0 },
	{ "of", "by `int 4`: INTO does not exist in 64-bit mode", provoke_of,
	    0 },
	{ "br", "by `int 5`: BOUND does not exist in 64-bit mode", provoke_br,
	    0 },
	{ "ud", "ud2", provoke_ud, 0 },
	{ "nm", "an x87 instruction with CR0.TS set", provoke_nm, 0 },
	{ "df", "push without a stack", provoke_df, NULL_FIELD },
	{ "ts", "a gate's stack, and a TSS that ends before it", provoke_ts,
	    0 },
	{ "np", "a data segment that is not present", provoke_np, 0 },
	{ "ss", "a stack segment that is not present", provoke_ss, 0 },
	{ "gp", "read from no canonical address", provoke_read,
	    NOT_CANONICAL },
	{ "gp-selector", "a selector behind the GDT's end",
	    provoke_gp_selector, 0 },
	{ "pf-read", "read from an unmapped address", provoke_read, UNMAPPED },
	{ "pf-write", "write to an unmapped address", provoke_write,
	    UNMAPPED },
	{ "pf-exec", "call what is no code", provoke_execute,
	    (vaddr_t)kernel_data },
	{ "pf-null", "write to a field of NULL", provoke_write, NULL_FIELD },
	{ "pf-rodata", "write to a constant", provoke_write,
	    (vaddr_t)kernel_rodata },
	{ "mf", "x87 division by zero", provoke_mf, 0 },
	{ "ac", "impossible in ring 0: only ring 3 checks alignment", NULL, 0 },
	{ "mc", "impossible by software; in QEMU's monitor: "
	    "mce 0 0 0xb200000000000000 5 0 0", NULL, 0 },
	{ "nmi", "impossible by software; in QEMU's monitor: nmi", NULL, 0 },
	{ "xm", "SSE division by zero; QEMU's TCG lets it pass", provoke_xm,
	    0 },
	{ "cp", "impossible: needs CR4.CET", NULL, 0 },
	{ "ve", "impossible: needs a hypervisor; so are hv, vc and sx", NULL,
	    0 },
	{ "stack", "recursion until the stack is full, ADDRESS bytes a call",
	    provoke_stack, STACK_STEP },
	{ "rbp", "ud2 with a worthless RBP", provoke_rbp, UNMAPPED },
	{ "nested", "a page fault, and another while it is shown",
	    provoke_nested, UNMAPPED },
};

static const struct provocation *
find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(provocations); i++)
		if (strcmp(provocations[i].name, name) == 0)
			return &provocations[i];
	return NULL;
}

static void
list(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(provocations); i++)
		console_printf("  %-12s %s\n", provocations[i].name,
		    provocations[i].text);
}

static int
fault_command(int argc, char **argv)
{
	const struct provocation *one;
	uint64_t address;

	if (argc == 1) {
		list();
		return 0;
	}
	one = find(argv[1]);
	if (argc > 3 || !one)
		return -EINVAL;
	address = one->address;
	if (argc == 3 && monitor_number(argv[2], &address))
		return -EINVAL;
	if (!one->run) {
		console_printf("%s: %s\n", one->name, one->text);
		return 0;
	}
	if (!exceptions_arrive()) {
		console_printf("without the exercises 1.1 to 1.3 an exception "
		    "resets the machine\n");
		return 0;
	}
	remember();
	one->run(address);
	put_back();
	console_printf("%s: the kernel goes on\n", one->name);
	return 0;
}
MONITOR_COMMAND(fault, "[KIND [ADDRESS]]", "an exception on purpose; alone: "
    "the kinds", fault_command);
