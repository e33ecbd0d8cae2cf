/* SPDX-License-Identifier: MIT */
/*
 * exception_table_test.c - exercise 1.9 on tables made by hand.
 *
 * An entry's fix-up is a function of its address, so that a test knows it.
 *
 * Stands on exception_table.h only.
 */
#include <lab1/exception_table.h>

#include <lab0/cpu.h>
#include <lab0/ktest.h>
#include <lab0/string.h>

enum {
	ENTRIES_MAX = 1000,
	LOOKS = 20,
	SLOWER_MAX = 50,
};

static struct exception_entry table[ENTRIES_MAX];

static vaddr_t
fixup_of(vaddr_t fault)
{
	return (fault ^ 0x5a5a5a5a) * 3;
}

static struct exception_entry
entry_at(vaddr_t fault)
{
	return (struct exception_entry){ fault, fixup_of(fault) };
}

/* `count` entries, addresses at least 2 apart, ascending. */
static void
ascending(size_t count)
{
	vaddr_t fault = ktest_random_below(1000) + 10;

	for (size_t i = 0; i < count; i++) {
		/* Half of them above 2^63, as the kernel's are. */
		if (i == count / 2)
			fault |= 0x8000000000000000ul;
		table[i] = entry_at(fault);
		fault += 2 + ktest_random_below(1ul << 40);
	}
}

static void
shuffle(size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t other = ktest_random_below(i);
		struct exception_entry entry = table[i - 1];

		table[i - 1] = table[other];
		table[other] = entry;
	}
}

static void
reverse(size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct exception_entry entry = table[i];

		table[i] = table[count - 1 - i];
		table[count - 1 - i] = entry;
	}
}

static uint64_t
sum_of(size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += table[i].fault * 7 + table[i].fixup;
	return sum;
}

/* First entry that is not behind the one before it, or whose two words do not
 * belong together; count: all are right. */
static size_t
first_wrong(size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].fixup != fixup_of(table[i].fault) ||
		    (i && table[i - 1].fault >= table[i].fault))
			return i;
	return count;
}

/* Index of what is found, or -1. */
static int64_t
index_of(size_t count, uint64_t rip)
{
	const struct exception_entry *entry =
	    exception_table_find(table, count, rip);

	return entry ? entry - table : -1;
}

static struct interrupt_frame
frame_at(uint64_t rip, uint64_t cs)
{
	struct interrupt_frame frame;
	uint64_t *words = (uint64_t *)&frame;

	for (size_t i = 0; i < sizeof(frame) / sizeof(*words); i++)
		words[i] = ktest_random();
	frame.rip = rip;
	frame.cs = cs;
	return frame;
}

/* A table in any order is sorted, its instructions are found in it, and a
 * frame that stopped at one of them resumes at its fix-up. */
KTEST(a_marked_instruction_resumes_at_its_fixup, .exercise = "1.9",
    .weight = 7, .plain = true)
{
	static const vaddr_t faults[] = { 0x5000, 0x1000, 0x3000, 0x2000,
		0x4000 };
	size_t count = ARRAY_SIZE(faults);

	ktest_note("five entries, 0x1000 to 0x5000, in another order at first");
	for (size_t i = 0; i < count; i++)
		table[i] = entry_at(faults[i]);
	exception_table_sort(table, count);
	for (size_t i = 0; i < count; i++)
		expect_eq(table[i].fault, (i + 1) * 0x1000);
	expect_eq(first_wrong(count), count);

	expect_eq(index_of(count, 0x3000), 2);
	expect_eq(index_of(count, 0x2000), 1);
	expect_eq(index_of(count, 0x2800), -1);

	struct interrupt_frame frame = frame_at(0x2000, 0x08);
	expect(exception_table_fixup(&frame, table, count));
	expect_eq(frame.rip, fixup_of(0x2000));
	frame.rip = 0x2800;
	expect(!exception_table_fixup(&frame, table, count));
	expect_eq(frame.rip, 0x2800);
}

/* Tables of 0 to 40 entries in random order come out sorted by unsigned
 * address, each address with its own fix-up, none lost. */
KTEST(random_tables_are_sorted, .exercise = "1.9", .weight = 1)
{
	for (size_t count = 0; count <= 40; count++) {
		struct exception_entry behind = { 1, 2 };
		uint64_t sum;

		ascending(count);
		shuffle(count);
		sum = sum_of(count);
		table[count] = behind;
		exception_table_sort(table, count);
		expect_eq(first_wrong(count), count);
		expect_eq(sum_of(count), sum);
		expect_memeq(&table[count], &behind, sizeof(behind));
	}
}

/* 1,000 entries are sorted on the kernel's small stack, also when they are in
 * order already, or in the reverse one. */
KTEST(a_long_table_needs_no_deep_stack, .exercise = "1.9", .weight = 1,
    .needs = "1.5")
{
	size_t half = ENTRIES_MAX / 2;

	ktest_note("1,000 entries: in order");
	ascending(ENTRIES_MAX);
	exception_table_sort(table, ENTRIES_MAX);
	expect_eq(first_wrong(ENTRIES_MAX), ENTRIES_MAX);
	ktest_note("1,000 entries: in reverse order");
	reverse(ENTRIES_MAX);
	exception_table_sort(table, ENTRIES_MAX);
	expect_eq(first_wrong(ENTRIES_MAX), ENTRIES_MAX);
	ktest_note("1,000 entries: the first half rising, then falling");
	for (size_t i = half; i < half + half / 2; i++) {
		struct exception_entry entry = table[i];

		table[i] = table[ENTRIES_MAX - 1 - (i - half)];
		table[ENTRIES_MAX - 1 - (i - half)] = entry;
	}
	exception_table_sort(table, ENTRIES_MAX);
	expect_eq(first_wrong(ENTRIES_MAX), ENTRIES_MAX);
	shuffle(ENTRIES_MAX);
	exception_table_sort(table, ENTRIES_MAX);
	expect_eq(first_wrong(ENTRIES_MAX), ENTRIES_MAX);
}

/* In tables of 0 to 40 entries each one is found, the first and the last too,
 * and an address one byte beside it is not. */
KTEST(only_the_exact_address_is_found, .exercise = "1.9", .weight = 1)
{
	ktest_note("index_of: which entry is found, -1 for NULL");
	for (size_t count = 0; count <= 40; count++) {
		ascending(count);
		expect_eq(index_of(count, 0), -1);
		expect_eq(index_of(count, UINT64_MAX), -1);
		for (size_t i = 0; i < count; i++) {
			expect_eq(index_of(count, table[i].fault), i);
			expect_eq(index_of(count, table[i].fault - 1), -1);
			expect_eq(index_of(count, table[i].fault + 1), -1);
		}
		if (count) {
			/* One entry less: the last is not there any more. */
			expect_eq(index_of(count - 1, table[count - 1].fault),
			    -1);
		}
	}
}

/* Time of some searches among the first `count` of many entries. */
static uint64_t
time_of_searches(const struct exception_entry *many, size_t count)
{
	uint64_t start = rdtsc();

	for (size_t i = 0; i < LOOKS; i++)
		if (!exception_table_find(many, count,
		    many[count - 1 - i * count / LOOKS].fault))
			return UINT64_MAX / SLOWER_MAX;
	return rdtsc() - start;
}

/* Searches among 16,384 entries take not nearly 1,024 times as long as among
 * 16, as looking at each entry would. */
KTEST(a_search_does_not_look_at_every_entry, .exercise = "1.9", .weight = 1)
{
	static struct exception_entry many[16384];
	uint64_t few, all;

	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = entry_at(0xffffffff80000000ul + i * 4);
	few = time_of_searches(many, 16);
	all = time_of_searches(many, ARRAY_SIZE(many));
	ktest_note("how often the time for 16 entries goes into that for "
	    "16,384; at most 50 is fine");
	expect_eq(MAX(all / few, (uint64_t)SLOWER_MAX), SLOWER_MAX);
}

/* Code of ring 3 is never resumed, not even at an address of the table. */
KTEST(ring_3_is_not_fixed_up, .exercise = "1.9", .weight = 1)
{
	static const uint64_t selectors[] = { 0x33, 0x23, 0x2b, 0x0b };

	ascending(20);
	for (unsigned i = 0; i < ARRAY_SIZE(selectors); i++) {
		struct interrupt_frame frame =
		    frame_at(table[i * 5].fault, selectors[i]);
		struct interrupt_frame before = frame;

		expect(!exception_table_fixup(&frame, table, 20));
		expect_memeq(&frame, &before, sizeof(frame));
	}
}

/* A fix-up changes RIP and nothing else of the frame; without an entry nothing
 * changes, and an empty table has none. */
KTEST(a_fixup_changes_rip_only, .exercise = "1.9", .weight = 1)
{
	ascending(20);
	for (size_t i = 0; i < 20; i++) {
		struct interrupt_frame frame = frame_at(table[i].fault, 0x08);
		struct interrupt_frame wanted = frame;

		wanted.rip = table[i].fixup;
		expect(exception_table_fixup(&frame, table, 20));
		expect_memeq(&frame, &wanted, sizeof(frame));

		frame.rip = wanted.rip = table[i].fault + 1;
		expect(!exception_table_fixup(&frame, table, 20));
		expect_memeq(&frame, &wanted, sizeof(frame));
		expect(!exception_table_fixup(&frame, table, 0));
		expect_memeq(&frame, &wanted, sizeof(frame));
	}
}
