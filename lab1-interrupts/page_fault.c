/* SPDX-License-Identifier: MIT */
/*
 * page_fault.c - why a page fault happened.
 *
 * Owns      nothing.
 * Offers    page_fault_decode.
 * Stands on nothing; also builds on the host.
 * Source    Intel SDM 3A "Interrupt 14-Page-Fault Exception (#PF)", "4-Level
 *           Paging", "Determination of Access Rights".
 */
#include <lab1/page_fault.h>

#include <lab0/memory_layout.h>
#include <lab0/todo.h>

struct page_fault
page_fault_decode(vaddr_t address, uint64_t error,
    const struct page_tables *tables)
{
	/* Exercise 1.4: see page_fault_decode in <lab1/page_fault.h> */
	(void)address; (void)error; (void)tables; todo("1.4");
}
