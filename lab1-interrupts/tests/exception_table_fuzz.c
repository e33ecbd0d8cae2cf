/* SPDX-License-Identifier: MIT */
/*
 * exception_table_fuzz.c - tables in any order, against a plain search.
 */
#include <lab1/exception_table.h>

#include "../../lab0-boot/tests/fuzz_input.h"
#include "host.h"

enum { ENTRIES_MAX = 64 };

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct fuzz_input in = { bytes, len_bytes };
	struct exception_entry table[ENTRIES_MAX];
	struct interrupt_frame frame = { 0 };
	const struct exception_entry *wanted = NULL, *found;
	size_t count = 0;

	frame.rip = fuzz_take(&in, 8);
	frame.cs = fuzz_take(&in, 1);
	frame.cs |= frame.cs & 3 ? 3 : 0;	/* of rings 1 and 2 nothing is said */
	while (in.left && count < ENTRIES_MAX) {
		vaddr_t fault = fuzz_take(&in, 1 + in.left % 8);

		for (size_t i = 0; i < count; i++)
			if (table[i].fault == fault)
				return 0;	/* no two are alike */
		table[count++] = (struct exception_entry){ fault, ~fault };
	}
	/* The exact size: the sanitizer sees a read of one more. */
	struct exception_entry *copy = host_copy(table,
	    count * sizeof(*table));
	exception_table_sort(copy, count);
	for (size_t i = 0; i < count; i++) {
		host_assert(copy[i].fixup == ~copy[i].fault);
		host_assert(i == 0 || copy[i - 1].fault < copy[i].fault);
		if (copy[i].fault == frame.rip)
			wanted = &copy[i];
	}
	found = exception_table_find(copy, count, frame.rip);
	host_assert(found == wanted);
	for (size_t i = 0; i < count; i++)
		host_assert(exception_table_find(copy, count, copy[i].fault)
		    == &copy[i]);

	uint64_t rip = frame.rip;
	bool resumes = exception_table_fixup(&frame, copy, count);
	host_assert(resumes == (wanted && !(frame.cs & 3)));
	host_assert(frame.rip == (resumes ? wanted->fixup : rip));
	host_free(copy);
	return 0;
}
