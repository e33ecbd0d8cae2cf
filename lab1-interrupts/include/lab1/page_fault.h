/* SPDX-License-Identifier: MIT */
/*
 * page_fault.h - why a page fault happened (exercise 1.4).
 *
 * The error code says what was tried, and whether a translation was there;
 * which of the four tables said no is found by walking them as the CPU did. A
 * right must be granted on every level; what one level forbids is forbidden.
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
	CAUSE_RESERVED,			/* a bit that must be 0 is set */
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

/* The page tables that were in use. */
struct page_tables {
	paddr_t		root;		/* CR3; bits outside PTE_ADDRESS are
					   none of the address */
	uint64_t	reserved;	/* must be 0 in every present entry, on
					   this CPU */
	pte_reader	*read;
};

/*
 * Explain a page fault.
 *
 * address   CR2; any 64-bit value, of which bits 47 to 12 choose the entries
 * error     the error code; bits that have no name above are ignored
 * tables    `read` is called for the entries of the walk only, from the PML4
 *           down, and for none below the entry that ends it
 * returns   address as it came; access: PF_FETCH is ACCESS_EXECUTE whatever
 *           PF_WRITE says, else PF_WRITE is ACCESS_WRITE, else ACCESS_READ;
 *           user: PF_USER; the others as follows
 * context   any
 *
 * PF_PKEY or PF_SHADOW_STACK set: CAUSE_OTHER, level 0, and nothing is read.
 *
 * Otherwise the walk goes down from the PML4 and ends at the first entry that
 * says no, which gives cause, level and entry. On each level is asked, in this
 * order:
 *   (1) PTE_PRESENT is clear: CAUSE_NOT_PRESENT;
 *   (2) PF_RESERVED is set in the error code: CAUSE_RESERVED if the entry has
 *       a bit of `reserved`; if it has none, (3) to (5) are left out;
 *   (3) PF_USER, and PTE_USER is clear: CAUSE_SUPERVISOR;
 *   (4) ACCESS_WRITE, and PTE_WRITE is clear: CAUSE_READ_ONLY, in ring 0 too
 *       (CR0.WP is set);
 *   (5) ACCESS_EXECUTE, and PTE_NX is set: CAUSE_NO_EXECUTE.
 * An entry with PTE_LARGE on level 3 or 2 is a page of 1 GiB or 2 MiB: there
 * is no level below it. On level 4 and 1 that bit means nothing here.
 *
 * No entry says no, down to that of the page itself:
 *   - PF_RESERVED: CAUSE_RESERVED, level 0, entry 0;
 *   - PF_PRESENT, not PF_USER, and PTE_USER in every entry of the walk:
 *     CAUSE_USER_PAGE, with the page's own entry and its level (1, or 2 or 3
 *     for a large page);
 *   - else CAUSE_NONE, level 0, entry 0: the tables have changed since, or the
 *     TLB was stale.
 */
struct page_fault page_fault_decode(vaddr_t address, uint64_t error,
    const struct page_tables *tables);

#endif
