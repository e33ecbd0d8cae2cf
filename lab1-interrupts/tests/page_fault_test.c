/* SPDX-License-Identifier: MIT */
/*
 * page_fault_test.c - exercise 1.4 on page tables that are nowhere.
 *
 * A walk is four entries, entry[4] of the PML4 down to entry[1] of the page
 * table; `read_entry` gives them at the addresses where the CPU would read
 * them, and remembers what else was asked for.
 *
 * Stands on page_fault.h only.
 */
#include <lab1/page_fault.h>

#include <lab0/ktest.h>
#include <lab0/memory_layout.h>

enum { TOP = 4, ROUNDS = 40 };

#define ALL_RIGHTS	(PTE_PRESENT | PTE_WRITE | PTE_USER)
#define RIGHT_BITS	(ALL_RIGHTS | PTE_LARGE | PTE_NX)
#define RESERVED	0x000ff00000000000ul

static struct {
	vaddr_t		address;
	paddr_t		table[TOP + 1];		/* by level; [4] is the root */
	uint64_t	entry[TOP + 1];
	uint64_t	cr3_bits;		/* around the root's address */
} walk;

/* What page_fault_decode asked for. */
static unsigned lowest_level_read, reads_elsewhere;

static paddr_t
place(unsigned level)
{
	return walk.table[level] +
	    (walk.address >> (12 + 9 * (level - 1)) & 511) * 8;
}

static uint64_t
read_entry(paddr_t at)
{
	for (unsigned level = TOP; level >= 1; level--) {
		if (at != place(level))
			continue;
		if (level < lowest_level_read)
			lowest_level_read = level;
		return walk.entry[level];
	}
	reads_elsewhere++;
	return 0;
}

/* Tables below 4 GiB for an address; the page has all rights. */
static void
tables_for(vaddr_t address)
{
	walk.address = address;
	walk.cr3_bits = 0;
	for (unsigned level = TOP; level >= 1; level--) {
		/* All different. */
		walk.table[level] = (ktest_random() & 0xfffe0000ul) +
		    level * PAGE_SIZE;
		if (level < TOP)
			walk.entry[level + 1] = walk.table[level] | ALL_RIGHTS;
	}
	walk.entry[1] = (ktest_random() & 0xfffff000ul) | ALL_RIGHTS;
}

/* Tables anywhere, with all bits set that mean nothing or not that. */
static void
far_tables_for(vaddr_t address)
{
	tables_for(address);
	/* CR3's low bits and bit 63 are none of the address. */
	walk.cr3_bits = ktest_random() & 0x8000000000000ffful;
	for (unsigned level = TOP; level >= 1; level--) {
		/* Up to bit 43: the rest is RESERVED. */
		walk.table[level] |= ktest_random() & 0x00000fff00000000ul;
		if (level == TOP)
			continue;
		walk.entry[level + 1] = walk.table[level] | ALL_RIGHTS |
		    (ktest_random() & ~PTE_ADDRESS & ~RIGHT_BITS);
		if (ktest_random_below(2))
			walk.entry[level + 1] |= PTE_NX;
	}
}

static struct page_fault
decode(uint64_t error)
{
	struct page_tables tables = {
		.root = walk.table[TOP] | walk.cr3_bits,
		.reserved = RESERVED,
		.read = read_entry,
	};

	lowest_level_read = TOP + 1;
	reads_elsewhere = 0;
	return page_fault_decode(walk.address, error, &tables);
}

/* An address of either half. */
static vaddr_t
some_address(void)
{
	uint64_t bits = ktest_random();

	return (vaddr_t)((int64_t)(bits << 16) >> 16);
}

static uint64_t
error_for(enum page_fault_access access, bool user)
{
	return (access == ACCESS_WRITE ? PF_WRITE :
	    access == ACCESS_EXECUTE ? PF_FETCH : 0) | (user ? PF_USER : 0);
}

/* "read-only (PDPT)": cause and level in words. */
static const char *
in_words(enum page_fault_cause cause, unsigned level, char *text)
{
	static const char *const causes[] = {
		[CAUSE_NOT_PRESENT] = "not present",
		[CAUSE_READ_ONLY] = "read-only",
		[CAUSE_SUPERVISOR] = "supervisor",
		[CAUSE_NO_EXECUTE] = "no-execute",
		[CAUSE_RESERVED] = "reserved bit",
		[CAUSE_USER_PAGE] = "user page",
		[CAUSE_OTHER] = "other",
		[CAUSE_NONE] = "none",
	};
	static const char *const levels[] = {
		"no level", "PT", "PD", "PDPT", "PML4",
	};
	const char *parts[] = {
		(unsigned)cause < ARRAY_SIZE(causes) ? causes[cause] : "?",
		" (", level < ARRAY_SIZE(levels) ? levels[level] : "?", ")",
	};
	char *end = text;

	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
		for (const char *c = parts[i]; *c; c++)
			*end++ = *c;
	*end = '\0';
	return text;
}

static char cause_seen[40], cause_wanted[40];

#define expect_cause(fault, want_cause, want_level) \
	do { \
		in_words((fault).cause, (fault).level, cause_seen); \
		in_words(want_cause, want_level, cause_wanted); \
		expect_streq(cause_seen, cause_wanted); \
		expect_eq((fault).entry, (want_level) ? \
		    walk.entry[want_level] : 0); \
	} while (0)

/* The walk read nothing but its entries, and none below this level. */
#define expect_reads_down_to(level_wanted) \
	do { \
		expect_eq(reads_elsewhere, 0); \
		expect_eq(lowest_level_read, level_wanted); \
	} while (0)

/* An access to a page that is not mapped names the level whose entry is
 * missing, and a write to a read-only page the entry that says so. */
KTEST(a_missing_entry_is_named, .exercise = "1.4", .weight = 8, .plain = true)
{
	struct page_fault fault;

	tables_for(0x00001234567890abul);
	for (unsigned level = TOP; level >= 1; level--) {
		uint64_t entry = walk.entry[level];

		walk.entry[level] = 0;
		fault = decode(PF_WRITE);
		expect_cause(fault, CAUSE_NOT_PRESENT, level);
		expect_eq(fault.address, 0x00001234567890abul);
		expect_eq(fault.access, ACCESS_WRITE);
		expect(!fault.user);
		walk.entry[level] = entry;
	}
	walk.entry[1] &= ~PTE_WRITE;
	fault = decode(PF_PRESENT | PF_WRITE);
	expect_cause(fault, CAUSE_READ_ONLY, 1);
}

/* A right that one level refuses is refused, on whichever level, and the
 * uppermost level that refuses is the one named. */
KTEST(every_level_must_grant_a_right, .exercise = "1.4", .weight = 1)
{
	static const struct {
		enum page_fault_access access;
		bool user;
		uint64_t clear, set;
		enum page_fault_cause cause;
	} cases[] = {
		{ ACCESS_WRITE, false, PTE_WRITE, 0, CAUSE_READ_ONLY },
		{ ACCESS_WRITE, true, PTE_WRITE, 0, CAUSE_READ_ONLY },
		{ ACCESS_READ, true, PTE_USER, 0, CAUSE_SUPERVISOR },
		{ ACCESS_EXECUTE, false, 0, PTE_NX, CAUSE_NO_EXECUTE },
		{ ACCESS_EXECUTE, true, 0, PTE_NX, CAUSE_NO_EXECUTE },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		for (unsigned level = TOP; level >= 1; level--) {
			struct page_fault fault;
			unsigned also = 1 + (unsigned)ktest_random_below(level);

			tables_for(some_address());
			walk.entry[level] &= ~cases[i].clear;
			walk.entry[level] |= cases[i].set;
			walk.entry[also] &= ~cases[i].clear;
			walk.entry[also] |= cases[i].set;
			fault = decode(PF_PRESENT |
			    error_for(cases[i].access, cases[i].user));
			expect_cause(fault, cases[i].cause, level);
			expect_eq(fault.access, cases[i].access);
			expect_eq(fault.user, cases[i].user);
			expect_eq(fault.address, walk.address);
		}
	}
}

/* A right that was not asked for is not missed: a read of a read-only page, a
 * fetch from one, ring 0 at the kernel's own, data on a no-execute page. */
KTEST(a_right_not_asked_for_is_not_missed, .exercise = "1.4", .weight = 1)
{
	struct page_fault fault;

	for (unsigned level = TOP; level >= 1; level--) {
		tables_for(some_address());
		walk.entry[level] &= ~PTE_WRITE;
		fault = decode(PF_PRESENT | PF_USER);
		expect_cause(fault, CAUSE_NONE, 0);
		fault = decode(PF_PRESENT | PF_USER | PF_FETCH);
		expect_cause(fault, CAUSE_NONE, 0);

		tables_for(some_address());
		walk.entry[level] |= PTE_NX;
		fault = decode(PF_PRESENT | PF_USER | PF_WRITE);
		expect_cause(fault, CAUSE_NONE, 0);

		tables_for(some_address());
		walk.entry[level] &= ~PTE_USER;
		fault = decode(PF_PRESENT | PF_WRITE);
		expect_cause(fault, CAUSE_NONE, 0);
		fault = decode(PF_PRESENT);
		expect_cause(fault, CAUSE_NONE, 0);
		expect_reads_down_to(1);
	}
}

/* Of an entry's own faults the first in the contract's order counts, and an
 * upper level's comes before a lower one's. */
KTEST(the_first_no_counts, .exercise = "1.4", .weight = 1)
{
	static const uint64_t accesses[] = { 0, PF_WRITE, PF_FETCH };
	struct page_fault fault;

	for (unsigned level = TOP; level >= 1; level--) {
		tables_for(some_address());
		walk.entry[level] &= ~ALL_RIGHTS;
		walk.entry[level] |= PTE_NX;
		for (unsigned i = 0; i < 2 * ARRAY_SIZE(accesses); i++) {
			fault = decode(accesses[i / 2] |
			    (i % 2 ? PF_USER : 0));
			expect_cause(fault, CAUSE_NOT_PRESENT, level);
			expect_reads_down_to(level);
		}

		walk.entry[level] |= PTE_PRESENT;
		fault = decode(PF_PRESENT | PF_USER | PF_WRITE);
		expect_cause(fault, CAUSE_SUPERVISOR, level);
		fault = decode(PF_PRESENT | PF_USER | PF_FETCH);
		expect_cause(fault, CAUSE_SUPERVISOR, level);
		fault = decode(PF_PRESENT | PF_WRITE);
		expect_cause(fault, CAUSE_READ_ONLY, level);
		fault = decode(PF_PRESENT | PF_FETCH);
		expect_cause(fault, CAUSE_NO_EXECUTE, level);
		expect_reads_down_to(level);
	}
	tables_for(some_address());
	walk.entry[3] &= ~PTE_WRITE;
	walk.entry[2] &= ~PTE_USER;
	walk.entry[1] = 0;
	fault = decode(PF_PRESENT | PF_USER | PF_WRITE);
	expect_cause(fault, CAUSE_READ_ONLY, 3);
	fault = decode(PF_USER);
	expect_cause(fault, CAUSE_SUPERVISOR, 2);
	fault = decode(0);
	expect_cause(fault, CAUSE_NOT_PRESENT, 1);
}

/* A page of 1 GiB or 2 MiB ends the walk on its level; the same bit means
 * nothing on the levels 4 and 1. */
KTEST(a_large_page_ends_the_walk, .exercise = "1.4", .weight = 1)
{
	struct page_fault fault;

	for (unsigned level = 3; level >= 2; level--) {
		tables_for(some_address());
		walk.entry[level] |= PTE_LARGE;
		walk.entry[level - 1] = 0;
		fault = decode(PF_PRESENT | PF_USER);
		expect_cause(fault, CAUSE_NONE, 0);
		expect_reads_down_to(level);
		fault = decode(PF_PRESENT);
		expect_cause(fault, CAUSE_USER_PAGE, level);
		walk.entry[level] &= ~PTE_WRITE;
		fault = decode(PF_PRESENT | PF_WRITE);
		expect_cause(fault, CAUSE_READ_ONLY, level);
		walk.entry[level] &= ~PTE_PRESENT;
		fault = decode(PF_WRITE);
		expect_cause(fault, CAUSE_NOT_PRESENT, level);
		expect_reads_down_to(level);
	}
	tables_for(some_address());
	walk.entry[TOP] |= PTE_LARGE;
	walk.entry[1] &= ~PTE_WRITE;
	fault = decode(PF_PRESENT | PF_WRITE);
	expect_cause(fault, CAUSE_READ_ONLY, 1);
	walk.entry[1] |= PTE_LARGE;
	fault = decode(PF_PRESENT | PF_WRITE);
	expect_cause(fault, CAUSE_READ_ONLY, 1);
}

/* The tables are found for addresses at both ends of both halves, in any
 * physical memory, whatever other bits the entries and CR3 have. */
KTEST(the_walk_finds_its_entries, .exercise = "1.4", .weight = 1)
{
	static const vaddr_t edges[] = {
		0, 0xfff, 0x1000, 0x1ff000, 0x200000, 0x3fe00000, 0x40000000,
		0x00007fffffffffff, 0xffff800000000000, 0xffff80007fffffff,
		0xffffffff80000000, 0xffffffffffffffff,
	};
	struct page_fault fault;

	for (unsigned i = 0; i < ARRAY_SIZE(edges) + ROUNDS; i++) {
		far_tables_for(i < ARRAY_SIZE(edges) ? edges[i] :
		    some_address());
		walk.entry[1] &= ~PTE_WRITE;
		fault = decode(PF_PRESENT | PF_WRITE);
		expect_reads_down_to(1);
		expect_cause(fault, CAUSE_READ_ONLY, 1);
		expect_eq(fault.address, walk.address);
	}
	/* The highest table that an entry can name. */
	tables_for(some_address());
	walk.table[1] = PTE_ADDRESS;
	walk.entry[2] = PTE_ADDRESS | ALL_RIGHTS | PTE_NX;
	walk.entry[1] = 0;
	fault = decode(0);
	expect_reads_down_to(1);
	expect_cause(fault, CAUSE_NOT_PRESENT, 1);
}

/* Access and ring are read from the error code: a fetch is a fetch whatever
 * the write bit says, and bits without a name change nothing. */
KTEST(the_error_code_says_what_was_tried, .exercise = "1.4", .weight = 1)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t named = ktest_random() &
		    (PF_PRESENT | PF_WRITE | PF_USER | PF_FETCH);
		uint64_t others = ktest_random() & ~0x7ful;
		struct page_fault fault;

		tables_for(some_address());
		walk.entry[TOP] = 0;
		fault = decode(named | (i % 2 ? others : 0));
		expect_eq(fault.access, named & PF_FETCH ? ACCESS_EXECUTE :
		    named & PF_WRITE ? ACCESS_WRITE : ACCESS_READ);
		expect_eq(fault.user, (named & PF_USER) != 0);
		expect_cause(fault, CAUSE_NOT_PRESENT, TOP);
	}
}

/* A reserved bit is looked for on the way down, and nothing else is; a
 * protection key or a shadow stack ends it before anything is read. */
KTEST(reserved_bits_and_keys_are_told_apart, .exercise = "1.4", .weight = 1)
{
	struct page_fault fault;

	for (unsigned level = TOP; level >= 1; level--) {
		tables_for(some_address());
		walk.entry[level] |= 1ul << (44 + ktest_random_below(8));
		if (level < TOP)
			walk.entry[TOP] &= ~(PTE_WRITE | PTE_USER);
		fault = decode(PF_PRESENT | PF_RESERVED | PF_USER | PF_WRITE);
		expect_cause(fault, CAUSE_RESERVED, level);
		expect_reads_down_to(level);
	}
	tables_for(some_address());
	walk.entry[1] &= ~(PTE_WRITE | PTE_USER);
	fault = decode(PF_PRESENT | PF_RESERVED | PF_USER | PF_WRITE);
	expect_cause(fault, CAUSE_RESERVED, 0);
	fault = decode(PF_PRESENT | PF_RESERVED);
	expect_cause(fault, CAUSE_RESERVED, 0);
	walk.entry[2] = RESERVED;
	fault = decode(PF_RESERVED);
	expect_cause(fault, CAUSE_NOT_PRESENT, 2);

	tables_for(some_address());
	walk.entry[TOP] = 0;
	fault = decode(PF_PRESENT | PF_PKEY | PF_USER | PF_WRITE);
	expect_cause(fault, CAUSE_OTHER, 0);
	expect_eq(fault.access, ACCESS_WRITE);
	fault = decode(PF_SHADOW_STACK | PF_RESERVED);
	expect_cause(fault, CAUSE_OTHER, 0);
	expect_reads_down_to(TOP + 1);
}

/* Ring 0 that may not touch a user's page is told from tables that allow the
 * access by now. */
KTEST(a_user_page_is_told_from_a_changed_table, .exercise = "1.4",
    .weight = 1)
{
	struct page_fault fault;

	tables_for(some_address());
	fault = decode(PF_PRESENT);
	expect_cause(fault, CAUSE_USER_PAGE, 1);
	fault = decode(PF_PRESENT | PF_FETCH);
	expect_cause(fault, CAUSE_USER_PAGE, 1);
	fault = decode(PF_PRESENT | PF_WRITE);
	expect_cause(fault, CAUSE_USER_PAGE, 1);
	fault = decode(PF_PRESENT | PF_USER);
	expect_cause(fault, CAUSE_NONE, 0);
	fault = decode(0);
	expect_cause(fault, CAUSE_NONE, 0);
	for (unsigned level = TOP; level >= 1; level--) {
		tables_for(some_address());
		walk.entry[level] &= ~PTE_USER;
		fault = decode(PF_PRESENT);
		expect_cause(fault, CAUSE_NONE, 0);
		expect_reads_down_to(1);
	}
}
