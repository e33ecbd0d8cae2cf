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
	/* Exercise 1.9 (1 of 3): see <lab1/exception_table.h> */
	(void)table; (void)count; todo("1.9");
}

const struct exception_entry *
exception_table_find(const struct exception_entry *table, size_t count,
    uint64_t rip)
{
	/* Exercise 1.9 (2 of 3): see <lab1/exception_table.h> */
	(void)table; (void)count; (void)rip; todo("1.9");
}

bool
exception_table_fixup(struct interrupt_frame *frame,
    const struct exception_entry *table, size_t count)
{
	/* Exercise 1.9 (3 of 3): see <lab1/exception_table.h> */
	(void)frame; (void)table; (void)count; todo("1.9");
}
