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
	/* EX 1.4 { see page_fault_decode in <lab1/page_fault.h> */
	struct page_fault fault = {
		.address = address,
		.access = error & PF_FETCH ? ACCESS_EXECUTE :
		    error & PF_WRITE ? ACCESS_WRITE : ACCESS_READ,
		.user = error & PF_USER,
		.cause = CAUSE_NONE,
	};
	bool user_page = true;
	uint64_t entry = tables->root;
	unsigned level = 4;

	if (error & (PF_PKEY | PF_SHADOW_STACK)) {
		fault.cause = CAUSE_OTHER;
		return fault;
	}
	for (;; level--) {
		unsigned shift = 12 + 9 * (level - 1);

		entry = tables->read((entry & PTE_ADDRESS) +
		    (address >> shift & 511) * 8);
		user_page &= (entry & PTE_USER) != 0;
		if (!(entry & PTE_PRESENT))
			fault.cause = CAUSE_NOT_PRESENT;
		else if (error & PF_RESERVED)
			fault.cause = entry & tables->reserved ?
			    CAUSE_RESERVED : CAUSE_NONE;
		else if (fault.user && !(entry & PTE_USER))
			fault.cause = CAUSE_SUPERVISOR;
		else if (fault.access == ACCESS_WRITE && !(entry & PTE_WRITE))
			fault.cause = CAUSE_READ_ONLY;
		else if (fault.access == ACCESS_EXECUTE && entry & PTE_NX)
			fault.cause = CAUSE_NO_EXECUTE;
		if (fault.cause != CAUSE_NONE || level == 1 ||
		    (entry & PTE_LARGE && level < 4))
			break;
	}
	if (fault.cause == CAUSE_NONE && error & PF_RESERVED) {
		fault.cause = CAUSE_RESERVED;
		return fault;		/* level 0: in none that is known */
	}
	if (fault.cause == CAUSE_NONE && user_page && error & PF_PRESENT &&
	    !fault.user)
		fault.cause = CAUSE_USER_PAGE;
	if (fault.cause != CAUSE_NONE) {
		fault.level = level;
		fault.entry = entry;
	}
	return fault;
	/* EX 1.4 } (void)address; (void)error; (void)tables; todo("1.4"); */
}
