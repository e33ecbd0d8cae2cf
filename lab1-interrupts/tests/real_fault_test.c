/* SPDX-License-Identifier: MIT */
/*
 * real_fault_test.c - the exercises 1.4 and 1.9 with faults of the CPU.
 *
 * Slot 300 of the PML4 is nobody's: tables of our own hang there, with a page
 * of each kind. A handler notes what the CPU says of a fault and goes on
 * behind the instruction; or there is no handler, and the exception table
 * is asked.
 *
 * Stands on interrupt.h, safe_access.h, memory_layout.h.
 */
#include <lab1/page_fault.h>

#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/ktest.h>
#include <lab0/memory_layout.h>
#include <lab0/string.h>
#include <lab1/interrupt.h>
#include <lab1/safe_access.h>

enum {
	SLOT = 300,
	ENTRIES = 512,
	GOOD = 0, READ_ONLY, MISSING, NO_EXECUTE, RESERVED_BIT, PAGES,
	NO_TABLE = 1,			/* slot of the PD */
	LARGE_READ_ONLY = 2,
};

#define NOT_CANONICAL	0x8000000000000000ul
#define BASE		(0xffff000000000000ul | (vaddr_t)SLOT << 39)

static uint64_t pdpt[ENTRIES] aligned(PAGE_SIZE);
static uint64_t pd[ENTRIES] aligned(PAGE_SIZE);
static uint64_t pt[ENTRIES] aligned(PAGE_SIZE);
static uint8_t pages[PAGES][PAGE_SIZE] aligned(PAGE_SIZE);

static paddr_t
at(const void *object)
{
	return virt_to_phys(object) | PTE_PRESENT | PTE_WRITE | PTE_USER;
}

static uint64_t *
pml4(void)
{
	return phys_to_virt(read_cr3() & PTE_ADDRESS);
}

static vaddr_t
page(unsigned number)
{
	return BASE + number * PAGE_SIZE;
}

static uint64_t
reserved_bits(void)
{
	unsigned width = cpuid(CPUID_ADDRESS_SIZES, 0).eax & 0xff;

	return PTE_ADDRESS & ~((1ul << width) - 1);
}

static void
map(void)
{
	static const uint8_t ret = 0xc3;

	for (unsigned i = 0; i < PAGES; i++) {
		pt[i] = at(pages[i]) & ~PTE_USER;
		memset(pages[i], ret, PAGE_SIZE);
	}
	pt[READ_ONLY] &= ~PTE_WRITE;
	pt[MISSING] = 0;
	pt[NO_EXECUTE] |= PTE_NX;
	pt[RESERVED_BIT] |= 1ul << 51;
	pd[0] = at(pt);
	pd[NO_TABLE] = 0;
	pd[LARGE_READ_ONLY] = PTE_PRESENT | PTE_LARGE;
	pdpt[0] = at(pd);
	pml4()[SLOT] = at(pdpt);
	write_cr3(read_cr3());
}

static void
unmap(void)
{
	pml4()[SLOT] = 0;
	write_cr3(read_cr3());
}

/* -- A fault that is noted, and its instruction left out ------------------ */

static struct {
	uint64_t	resume;		/* where to go on */
	uint64_t	error, cr2;
	unsigned	count;
} noted;

static bool
note_fault(struct interrupt_frame *frame, void *context)
{
	(void)context;
	if (!noted.resume)
		return false;
	noted.error = frame->error;
	noted.cr2 = read_cr2();
	noted.count++;
	if (frame->error & PF_FETCH)
		frame->rsp += sizeof(uint64_t);	/* the call's */
	frame->rip = noted.resume;
	return true;
}

static struct interrupt_handler handler = {
	.fn = note_fault,
	.name = "real_fault_test",
};

static void
touch(vaddr_t address, enum page_fault_access access)
{
	if (access == ACCESS_READ)
		__asm__ volatile("leaq 1f(%%rip), %%rax; movq %%rax, %0; "
		    "movb (%1), %%al; 1:"
		    : "=m"(noted.resume) : "r"(address) : "rax", "memory");
	else if (access == ACCESS_WRITE)
		__asm__ volatile("leaq 1f(%%rip), %%rax; movq %%rax, %0; "
		    "movb $0xc3, (%1); 1:"
		    : "=m"(noted.resume) : "r"(address) : "rax", "memory");
	else
		__asm__ volatile("leaq 1f(%%rip), %%rax; movq %%rax, %0; "
		    "call *%1; 1:"
		    : "=m"(noted.resume) : "r"(address) : "rax", "memory");
	noted.resume = 0;
}

/* From C the tables are read by their physical addresses. */
static uint64_t
read_table(paddr_t address)
{
	return *(const uint64_t *)phys_to_virt(address);
}

static struct page_fault
explain(void)
{
	struct page_tables tables = {
		.root = read_cr3(),
		.reserved = reserved_bits(),
		.read = read_table,
	};

	return page_fault_decode(noted.cr2, noted.error, &tables);
}

struct expected {
	vaddr_t			address;
	enum page_fault_access	access;
	enum page_fault_cause	cause;
	unsigned		level;
};

static void
touch_and_explain(const struct expected *wanted)
{
	struct page_fault fault;

	noted.count = 0;
	touch(wanted->address, wanted->access);
	expect_eq(noted.count, 1);
	expect_eq(noted.cr2, wanted->address);
	fault = explain();
	expect_eq(fault.cause, wanted->cause);
	expect_eq(fault.level, wanted->level);
	expect_eq(fault.access, wanted->access);
	expect_eq(fault.address, wanted->address);
}

/* Faults of the CPU itself, on pages that are missing, read-only, no-execute,
 * large or with a reserved bit, are explained as they were made. */
KTEST(faults_of_the_cpu_are_explained, .exercise = "1.4", .weight = 1,
    .needs = "1.3")
{
	vaddr_t offset = ktest_random_below(PAGE_SIZE);
	const struct expected cases[] = {
		{ page(MISSING) + offset, ACCESS_READ, CAUSE_NOT_PRESENT, 1 },
		{ page(MISSING) + offset, ACCESS_EXECUTE, CAUSE_NOT_PRESENT, 1 },
		{ page(READ_ONLY) + offset, ACCESS_WRITE, CAUSE_READ_ONLY, 1 },
		{ page(NO_EXECUTE) + offset, ACCESS_EXECUTE,
		    CAUSE_NO_EXECUTE, 1 },
		{ page(RESERVED_BIT) + offset, ACCESS_READ, CAUSE_RESERVED, 1 },
		{ BASE + NO_TABLE * PAGE_SIZE_2M + offset, ACCESS_WRITE,
		    CAUSE_NOT_PRESENT, 2 },
		{ BASE + LARGE_READ_ONLY * PAGE_SIZE_2M + PAGE_SIZE + offset,
		    ACCESS_WRITE, CAUSE_READ_ONLY, 2 },
		{ BASE + (1ul << 30) + offset, ACCESS_READ,
		    CAUSE_NOT_PRESENT, 3 },
		{ BASE + (1ul << 39) + offset, ACCESS_READ,
		    CAUSE_NOT_PRESENT, 4 },
	};

	expect_eq(interrupt_add(VECTOR_PF, &handler), 0);
	map();
	ktest_note("causes: 0 not present, 1 read-only, 3 no-execute, 4 "
	    "reserved; levels: 4 PML4, 3 PDPT, 2 PD, 1 PT");
	for (unsigned i = 0; i < ARRAY_SIZE(cases) && !ktest_failed(); i++)
		touch_and_explain(&cases[i]);
	unmap();
	interrupt_remove(VECTOR_PF, &handler);
}

/* -- Safe accesses -------------------------------------------------------- */

static uint64_t got;

/* Read `bytes` of that size; got keeps its old value where nothing came. */
static int
read_sized(unsigned size, vaddr_t address)
{
	uint8_t out8;
	uint16_t out16;
	uint32_t out32;
	int err;

	if (size == 8)
		return safe_read64(address, &got);
	if (size == 4) {
		out32 = (uint32_t)got;
		err = safe_read32(address, &out32);
		got = out32;
	} else if (size == 2) {
		out16 = (uint16_t)got;
		err = safe_read16(address, &out16);
		got = out16;
	} else {
		out8 = (uint8_t)got;
		err = safe_read8(address, &out8);
		got = out8;
	}
	return err;
}

static int
write_sized(unsigned size, vaddr_t address, uint64_t value)
{
	if (size == 8)
		return safe_write64(address, value);
	if (size == 4)
		return safe_write32(address, (uint32_t)value);
	if (size == 2)
		return safe_write16(address, (uint16_t)value);
	return safe_write8(address, (uint8_t)value);
}

static uint64_t
low_bytes(uint64_t value, unsigned size)
{
	return size == 8 ? value : value & ((1ul << 8 * size) - 1);
}

static void
reads_and_writes(unsigned size)
{
	uint64_t before = low_bytes(0xa5a5a5a5a5a5a5a5ul, size);
	uint64_t value = ktest_random();
	vaddr_t end = page(READ_ONLY) + PAGE_SIZE;	/* MISSING follows */

	expect_eq(write_sized(size, page(GOOD) + 3, value), 0);
	expect_eq(read_sized(size, page(GOOD) + 3), 0);
	expect_eq(got, low_bytes(value, size));
	expect_eq(read_sized(size, end - size), 0);

	for (unsigned over = 1; over <= size; over++) {
		got = before;
		expect_eq(read_sized(size, end - size + over), -EFAULT);
		expect_eq(got, before);
	}
	const vaddr_t bad[] = {
		0, page(MISSING), page(MISSING) + PAGE_SIZE - size,
		NOT_CANONICAL, 0x7ffffffffffffff8, 0x0000800000000000,
		0xffff7ffffffffff0,
	};
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		got = before;
		expect_eq(read_sized(size, bad[i]), -EFAULT);
		expect_eq(got, before);
		expect_eq(write_sized(size, bad[i], value), -EFAULT);
	}
	expect_eq(write_sized(size, page(READ_ONLY), value), -EFAULT);
	expect_eq(write_sized(size, (vaddr_t)kernel_text, value), -EFAULT);
}

/* A good address is read and written, each size by its own bytes; a bad one
 * gives -EFAULT and leaves what was there: unmapped, read-only, over the edge
 * of a page, not canonical. */
KTEST(safe_accesses_survive_any_address, .exercise = "1.9", .weight = 2,
    .needs = "1.3")
{
	map();
	for (unsigned size = 1; size <= 8 && !ktest_failed(); size *= 2)
		reads_and_writes(size);
	unmap();
}

/* A copy from a page that ends, or to one, says how many bytes are left; those
 * before it were copied, and no others. */
KTEST(a_safe_copy_says_what_is_left, .exercise = "1.9", .weight = 1,
    .needs = "1.3")
{
	static uint8_t buffer[PAGE_SIZE];

	map();
	for (unsigned i = 0; i < 20; i++) {
		size_t there = ktest_random_below(200);
		size_t missing = 1 + ktest_random_below(200);
		vaddr_t from = page(READ_ONLY) + PAGE_SIZE - there;

		memset(pages[READ_ONLY], (int)i + 1, PAGE_SIZE);
		memset(buffer, 0, sizeof(buffer));
		expect_eq(safe_copy(buffer, (void *)from, there), 0);
		expect_eq(safe_copy(buffer, (void *)from, there + missing),
		    missing);
		for (size_t byte = 0; byte < there + missing; byte++)
			expect_eq(buffer[byte], byte < there ? i + 1 : 0);
		/* GOOD is followed by READ_ONLY. */
		memset(pages[GOOD], 0, PAGE_SIZE);
		expect_eq(safe_copy((void *)(page(READ_ONLY) - there), buffer,
		    there + missing), missing);
		for (size_t byte = 0; byte < PAGE_SIZE; byte++)
			expect_eq(pages[GOOD][byte],
			    byte < PAGE_SIZE - there ? 0 : i + 1);
		expect_eq(pages[READ_ONLY][0], i + 1);
	}
	expect_eq(safe_copy(buffer, (void *)NOT_CANONICAL, 5), 5);
	expect_eq(safe_copy(buffer, NULL, 0), 0);
	unmap();
}
