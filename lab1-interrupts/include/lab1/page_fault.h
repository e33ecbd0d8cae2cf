/* SPDX-License-Identifier: MIT */
/*
 * page_fault.h - why a page fault happened (exercise 1.4).
 *
 * The error code says what was tried, and whether a translation was there;
 * which of the four tables said no is found by walking them as the CPU did.
 *
 * Source    Intel SDM 3A "Interrupt 14-Page-Fault Exception (#PF)", "Page-Fault
 *           Exceptions", "Determination of Access Rights", "4-Level Paging".
 */
#ifndef LAB1_PAGE_FAULT_H
#define LAB1_PAGE_FAULT_H

#include <lab0/types.h>

/* Bits of the error code. */
enum page_fault_error {
	PF_PRESENT = 1u << 0,		/* 0: no translation; 1: no right */
	PF_WRITE = 1u << 1,
	PF_USER = 1u << 2,		/* at CPL 3 */
	PF_RESERVED = 1u << 3,		/* a reserved bit was set */
	PF_FETCH = 1u << 4,		/* an instruction fetch */
	PF_PKEY = 1u << 5,		/* protection key */
	PF_SHADOW_STACK = 1u << 6,
};

enum page_fault_access {
	ACCESS_READ,
	ACCESS_WRITE,
	ACCESS_EXECUTE,
};

enum page_fault_cause {
	CAUSE_NOT_PRESENT,		/* an entry without its present bit */
	CAUSE_READ_ONLY,		/* a write, an entry without PTE_WRITE */
	CAUSE_SUPERVISOR,		/* from ring 3, an entry without PTE_USER */
	CAUSE_NO_EXECUTE,		/* a fetch, an entry with PTE_NX */
	CAUSE_RESERVED,			/* the CPU found a reserved bit set */
	CAUSE_USER_PAGE,		/* ring 0 at a user's page: SMEP, SMAP */
	CAUSE_OTHER,			/* protection key, shadow stack */
	CAUSE_NONE,			/* the tables allow it now */
};

struct page_fault {
	vaddr_t		address;
	enum page_fault_access access;
	bool		user;		/* tried at CPL 3 */
	enum page_fault_cause cause;
	unsigned	level;		/* of the entry that said no: 4 PML4,
					   3 PDPT, 2 PD, 1 PT; 0: none did */
	uint64_t	entry;		/* that entry; 0 with level 0 */
};

/*
 * How the walk reads a table entry, so that it can be tried on made-up tables.
 *
 * at        physical address of the entry, a multiple of 8
 */
typedef uint64_t pte_reader(paddr_t at);

/*
 * Explain a page fault.
 *
 * address   CR2
 * error     the error code
 * cr3       root of the tables; bits outside PTE_ADDRESS are ignored
 * read      called for entries the walk needs, top down, none below the one
 *           that ends it (a large page, or an entry that says no)
 * context   any
 *
 * The walk goes down from the PML4 and ends at the first entry that says no:
 * one not present, or one that forbids what the error code says was tried
 * (a right must be granted on every level; NX on any level forbids). Checked
 * on each level in this order: present, PF_RESERVED, PF_USER and PTE_USER,
 * write, fetch. Large pages: PTE_LARGE on levels 3 and 2.
 *   - PF_RESERVED set: CAUSE_RESERVED, at the last level that the walk reaches;
 *   - PF_PKEY or PF_SHADOW_STACK set: CAUSE_OTHER, without a walk, level 0;
 *   - nothing says no, and the error code has PF_PRESENT, not PF_USER, and
 *     every level has PTE_USER, and it is no write to a read-only page:
 *     CAUSE_USER_PAGE, level 1 (or that of the large page);
 *   - nothing says no otherwise: CAUSE_NONE, level 0, entry 0 (the tables have
 *     changed, or the TLB is stale).
 * A write by ring 0 is forbidden by a read-only entry, too (CR0.WP is set).
 */
struct page_fault page_fault_decode(vaddr_t address, uint64_t error,
    paddr_t cr3, pte_reader *read);

#endif
