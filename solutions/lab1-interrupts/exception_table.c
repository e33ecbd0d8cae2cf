/* SPDX-License-Identifier: MIT */
/*
 * exception_table.c - instructions that may fault, and where to go on then.
 *
 * Owns      nothing.
 * Offers    exception_table_sort, exception_table_find, exception_table_fixup.
 * Stands on nothing; also builds on the host.
 */
#include <lab1/exception_table.h>

#include <lab0/todo.h>

void
exception_table_sort(struct exception_entry *table, size_t count)
{
	/* EX 1.9 { see <lab1/exception_table.h> */
	/* Shell's: no recursion, no memory, and some hundred entries at most. */
	for (size_t gap = count / 2; gap; gap /= 2) {
		for (size_t i = gap; i < count; i++) {
			struct exception_entry entry = table[i];
			size_t at = i;

			for (; at >= gap && table[at - gap].fault > entry.fault;
			    at -= gap)
				table[at] = table[at - gap];
			table[at] = entry;
		}
	}
	/* EX 1.9 } (void)table; (void)count; todo("1.9"); */
}

const struct exception_entry *
exception_table_find(const struct exception_entry *table, size_t count,
    uint64_t rip)
{
	/* EX 1.9 { see <lab1/exception_table.h> */
	size_t low = 0, high = count;	/* it is in low..high - 1, if at all */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table[middle].fault == rip)
			return &table[middle];
		if (table[middle].fault < rip)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
	/* EX 1.9 } (void)table; (void)count; (void)rip; todo("1.9"); */
}

bool
exception_table_fixup(struct interrupt_frame *frame,
    const struct exception_entry *table, size_t count)
{
	/* EX 1.9 { see <lab1/exception_table.h> */
	const struct exception_entry *entry;

	if (frame->cs & 3)		/* ring 3: its code is not ours */
		return false;
	entry = exception_table_find(table, count, frame->rip);
	if (!entry)
		return false;
	frame->rip = entry->fixup;
	return true;
	/* EX 1.9 } (void)frame; (void)table; (void)count; todo("1.9"); */
}
