/* SPDX-License-Identifier: MIT */
/*
 * format_reach_test.c - exercise 0.2: which bytes of a string are read.
 *
 * In the kernel only: the string ends where an unmapped page begins, the guard
 * below the boot stack, so that a byte too many is a page fault.
 *
 * Stands on snprintk and the guard page of early_paging.c.
 */
#include <lab0/format.h>
#include <lab0/ktest.h>
#include <lab0/memory_layout.h>
#include <lab0/string.h>
#include <lab0/todo.h>

enum { LENGTH = 3 };

/* With a precision not one byte behind it is read: there might be none. */
KTEST(a_string_is_read_up_to_its_precision, .exercise = "0.2", .weight = 1)
{
	static const char letters[LENGTH] = { 'a', 'b', 'c' };
	vaddr_t guard = (vaddr_t)boot_stack_guard;
	char kept[LENGTH], buffer[16];
	struct format_out out = { .buffer = buffer, .room = sizeof(buffer) };
	struct format_spec spec = { .base = 10, .precision = LENGTH };

	/* The compiler is not to know that this lies before an array. */
	__asm__("" : "+r"(guard));
	char *string = (char *)(guard - LENGTH);

	ktest_note("the string is `abc` without a null byte, and behind its c "
	    "no memory is mapped; the precision is 3");
	memcpy(kept, string, LENGTH);
	memcpy(string, letters, LENGTH);
	format_string(&out, &spec, string);
	memcpy(string, kept, LENGTH);
	expect_eq(out.length, LENGTH);
	expect_memeq(buffer, letters, LENGTH);
}
