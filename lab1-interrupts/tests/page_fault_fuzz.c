/* SPDX-License-Identifier: MIT */
/*
 * page_fault_fuzz.c - any error code at any tables.
 *
 * Physical memory is a function of the address, so that it has an entry
 * everywhere. The result is held against what the contract says of all of them.
 */
#include <lab1/page_fault.h>

#include <lab0/memory_layout.h>

#include "../../lab0-boot/tests/fuzz_input.h"
#include "host.h"

static uint64_t entries[5];		/* by level */
static unsigned level_next, reads;
static paddr_t table_next;
static vaddr_t address;

/* Must be asked for the entries in order. */
static uint64_t
read_entry(paddr_t at)
{
	unsigned index;

	host_assert(level_next >= 1);
	index = address >> (12 + 9 * (level_next - 1)) & 511;
	host_assert(at == (table_next & PTE_ADDRESS) + index * 8);
	reads++;
	table_next = entries[level_next];
	return entries[level_next--];
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct fuzz_input in = { bytes, len_bytes };
	struct page_tables tables = { .read = read_entry };
	uint64_t error = fuzz_take(&in, 2);

	address = fuzz_take(&in, 8);
	tables.reserved = fuzz_take(&in, 7) & PTE_ADDRESS;
	tables.root = table_next = fuzz_take(&in, 8);
	/* The bits of rights are likelier to be set than not. */
	for (unsigned level = 4; level >= 1; level--)
		entries[level] = fuzz_take(&in, 8) ^
		    (PTE_PRESENT | PTE_WRITE | PTE_USER);
	level_next = 4;
	reads = 0;

	struct page_fault fault = page_fault_decode(address, error, &tables);
	host_assert(fault.address == address);
	host_assert(fault.level <= 4);
	host_assert(fault.user == ((error & PF_USER) != 0));
	if (fault.level == 0) {
		host_assert(fault.entry == 0);
		host_assert(fault.cause == CAUSE_NONE ||
		    fault.cause == CAUSE_OTHER ||
		    fault.cause == CAUSE_RESERVED);
		return 0;
	}
	/* The entry that ended the walk is the last one that was read. */
	host_assert(fault.level == 5 - reads);
	host_assert(fault.entry == entries[fault.level]);
	switch (fault.cause) {
	case CAUSE_NOT_PRESENT:
		host_assert(!(fault.entry & PTE_PRESENT));
		break;
	case CAUSE_READ_ONLY:
		host_assert(fault.access == ACCESS_WRITE &&
		    !(fault.entry & PTE_WRITE));
		break;
	case CAUSE_SUPERVISOR:
		host_assert(fault.user && !(fault.entry & PTE_USER));
		break;
	case CAUSE_NO_EXECUTE:
		host_assert(fault.access == ACCESS_EXECUTE &&
		    fault.entry & PTE_NX);
		break;
	case CAUSE_RESERVED:
		host_assert(error & PF_RESERVED &&
		    fault.entry & tables.reserved);
		break;
	case CAUSE_USER_PAGE:
		host_assert(!fault.user && error & PF_PRESENT &&
		    fault.entry & PTE_USER);
		break;
	default:
		host_assert(false);
	}
	return 0;
}
