/* SPDX-License-Identifier: MIT */
/*
 * backtrace_test.c - exercise 0.4 on stacks made by hand.
 *
 * The stacks are arrays: an index is a frame, and `at` gives its address.
 *
 * Stands on backtrace.h only.
 */
#include <lab0/backtrace.h>

#include <lab0/ktest.h>

enum {
	WORDS = 64,
	ROOM = 16,
	UNTOUCHED = 0x55,
	TABLE_BASE = 1000,
};

static uint64_t stack[WORDS];
static uint64_t found[ROOM];

static uint64_t
at(unsigned word)
{
	return (uint64_t)&stack[word];
}

static struct stack_bounds
whole_stack(void)
{
	return (struct stack_bounds){ at(0), at(0) + sizeof(stack) };
}

static void
frame(unsigned word, uint64_t caller, uint64_t address)
{
	stack[word] = caller;
	stack[word + 1] = address;
}

/* Rubbish everywhere, then three frames at 4, 10 and 40. */
static void
three_frames(void)
{
	for (unsigned i = 0; i < WORDS; i++)
		stack[i] = ktest_random() | 1;
	for (unsigned i = 0; i < ROOM; i++)
		found[i] = UNTOUCHED;
	frame(4, at(10), 0xa);
	frame(10, at(40), 0xb);
	frame(40, 0, 0xc);
}

/* The number of the symbol that is found, or -1. */
static int64_t
index_of(const struct symbol *table, size_t count, uint64_t address)
{
	const struct symbol *symbol = symbol_find(table, count, address);

	return symbol ? symbol - table : -1;
}

/* A chain of three frames gives three return addresses, innermost first, and
 * an address gets the symbol that begins at or before it. */
KTEST(a_short_chain_is_walked_and_named, .exercise = "0.4", .weight = 5,
    .plain = true)
{
	static const struct symbol table[] = {
		{ .address = 100, .name = 1 }, { .address = 200, .name = 2 },
		{ .address = 300, .name = 3 }, { .address = 400, .name = 4 },
	};
	struct stack_bounds bounds = whole_stack();

	three_frames();
	expect_eq(backtrace_walk(at(4), &bounds, found, ROOM), 3);
	expect_eq(found[0], 0xa);
	expect_eq(found[1], 0xb);
	expect_eq(found[2], 0xc);
	expect_eq(found[3], UNTOUCHED);

	ktest_note("symbols 0..3 begin at 100, 200, 300, 400");
	expect_eq(index_of(table, ARRAY_SIZE(table), 250), 1);
	expect_eq(index_of(table, ARRAY_SIZE(table), 399), 2);
	expect_eq(index_of(table, ARRAY_SIZE(table), 117), 0);
}

/* Not more addresses than there is room for are written. */
KTEST(a_walk_stops_when_the_room_is_full, .exercise = "0.4", .weight = 1)
{
	struct stack_bounds bounds = whole_stack();

	three_frames();
	expect_eq(backtrace_walk(at(4), &bounds, found, 2), 2);
	expect_eq(found[1], 0xb);
	expect_eq(found[2], UNTOUCHED);
	expect_eq(backtrace_walk(at(4), &bounds, found, 0), 0);
	expect_eq(backtrace_walk(0, &bounds, found, ROOM), 0);
}

/* A frame pointer that is odd, outside the stack, half outside it or so large
 * that adding to it wraps around ends the walk and is not followed. */
KTEST(a_walk_follows_no_bad_pointer, .exercise = "0.4", .weight = 1)
{
	struct stack_bounds bounds = whole_stack();
	const uint64_t bad[] = {
		at(40) + 1, at(40) + 4, at(WORDS), at(WORDS - 1), at(0) - 8,
		8, 0xdead000000000000, 0xfffffffffffffff8, 0xfffffffffffffff0,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		three_frames();
		stack[10] = bad[i];
		expect_eq(backtrace_walk(at(4), &bounds, found, ROOM), 2);
		expect_eq(found[2], UNTOUCHED);
		expect_eq(backtrace_walk(bad[i], &bounds, found, ROOM), 0);
	}

	three_frames();
	bounds.lo = at(4) + 8;
	expect_eq(backtrace_walk(at(4), &bounds, found, ROOM), 0);
	bounds = whole_stack();
	bounds.hi = at(40) + 16;	/* the last frame just fits */
	expect_eq(backtrace_walk(at(4), &bounds, found, ROOM), 3);
	bounds.hi = at(40) + 15;
	expect_eq(backtrace_walk(at(4), &bounds, found, ROOM), 2);
	bounds.hi = bounds.lo;
	expect_eq(backtrace_walk(at(4), &bounds, found, ROOM), 0);
	bounds = (struct stack_bounds){ 0, 0 };	/* an unknown stack: hi - 16 */
	expect_eq(backtrace_walk(at(4), &bounds, found, ROOM), 0); /* wraps */
}

/* A frame that points at itself or downwards ends the walk, and so does a
 * return address of 0. */
KTEST(a_walk_only_goes_up, .exercise = "0.4", .weight = 1)
{
	struct stack_bounds bounds = whole_stack();

	three_frames();
	frame(40, at(4), 0xc);
	expect_eq(backtrace_walk(at(4), &bounds, found, ROOM), 3);
	three_frames();
	frame(10, at(10), 0xb);
	expect_eq(backtrace_walk(at(4), &bounds, found, ROOM), 2);
	three_frames();
	frame(2, 0, 0xd);
	frame(10, at(2), 0xb);
	expect_eq(backtrace_walk(at(4), &bounds, found, ROOM), 2);
	three_frames();
	frame(10, at(40), 0);
	expect_eq(backtrace_walk(at(4), &bounds, found, ROOM), 1);
	expect_eq(found[1], UNTOUCHED);
}

/* The first and the last symbol, exact starts, an address before all symbols,
 * an empty table, and random tables searched at random places. */
KTEST(symbols_are_found_at_the_edges, .exercise = "0.4", .weight = 1)
{
	static struct symbol table[ROOM];

	ktest_note("index_of: the number of the symbol that symbol_find "
	    "returns, -1 for NULL; n symbols, symbol 0 the lowest");
	expect_eq(index_of(table, 0, 5), -1);
	for (unsigned n = 1; n <= ROOM; n++) {
		uint64_t address = TABLE_BASE + ktest_random_below(100);

		for (unsigned i = 0; i < n; i++) {
			table[i].address = address;
			address += 1 + ktest_random_below(100);
		}
		expect_eq(index_of(table, n, table[0].address - 1), -1);
		expect_eq(index_of(table, n, UINT64_MAX), n - 1);
		for (unsigned i = 0; i < n; i++) {
			uint64_t start = table[i].address;

			expect_eq(index_of(table, n, start), i);
			expect_eq(index_of(table, n, start - 1), (int)i - 1);
		}
	}
}
