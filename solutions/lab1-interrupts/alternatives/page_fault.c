/* SPDX-License-Identifier: MIT */
/*
 * page_fault.c - why a page fault happened.
 *
 * What an entry is asked is the same on each level, so it is a table, made once
 * for a fault and in the order of the contract. The walk calls itself.
 *
 * Owns      nothing.
 * Offers    page_fault_decode.
 * Stands on nothing; also builds on the host.
 * Source    Intel SDM 3A "Interrupt 14-Page-Fault Exception (#PF)", "4-Level
 *           Paging", "Determination of Access Rights".
 */
#include <lab1/page_fault.h>

#include <lab0/memory_layout.h>

enum {
	LEVELS = 4,
	INDEX_BITS = 9,
	PAGE_BITS = 12,
	QUESTIONS = 5,
};

/* An entry says no if one of `bits` is set, or clear; without bits, never. */
struct question {
	uint64_t		bits;
	bool			refuses_if;	/* true: set */
	enum page_fault_cause	cause;
};

struct walk {
	const struct page_tables *tables;
	struct question		questions[QUESTIONS];
	uint64_t		user;	/* PTE_USER: in all entries so far */
	struct page_fault	fault;
};

static enum page_fault_access
access_of(uint64_t error)
{
	return error & PF_FETCH ? ACCESS_EXECUTE :
	    error & PF_WRITE ? ACCESS_WRITE : ACCESS_READ;
}

/* What has to be asked; where a reserved bit is blamed, rights are not. */
static void
prepare(struct walk *walk, uint64_t error)
{
	bool rights = !(error & PF_RESERVED);
	enum page_fault_access access = walk->fault.access;
	const struct question questions[QUESTIONS] = {
		{ PTE_PRESENT, false, CAUSE_NOT_PRESENT },
		{ rights ? 0 : walk->tables->reserved, true, CAUSE_RESERVED },
		{ rights && walk->fault.user ? PTE_USER : 0, false,
		    CAUSE_SUPERVISOR },
		{ rights && access == ACCESS_WRITE ? PTE_WRITE : 0, false,
		    CAUSE_READ_ONLY },
		{ rights && access == ACCESS_EXECUTE ? PTE_NX : 0, true,
		    CAUSE_NO_EXECUTE },
	};

	for (size_t i = 0; i < QUESTIONS; i++)
		walk->questions[i] = questions[i];
}

static void
found(struct walk *walk, enum page_fault_cause cause, unsigned level,
    uint64_t entry)
{
	walk->fault.cause = cause;
	walk->fault.level = level;
	walk->fault.entry = entry;
}

/* returns   the question to which the entry says no, or NULL */
static const struct question *
refusal(const struct walk *walk, uint64_t entry)
{
	for (size_t i = 0; i < QUESTIONS; i++) {
		const struct question *question = &walk->questions[i];

		if ((question->refuses_if ? entry : ~entry) & question->bits)
			return question;
	}
	return NULL;
}

static bool
is_page(uint64_t entry, unsigned level)
{
	return level == 1 || (level < LEVELS && (entry & PTE_LARGE));
}

/* Nobody said no. The page's own entry is the last that was read. */
static void
allowed(struct walk *walk, uint64_t error, unsigned level, uint64_t entry)
{
	if (error & PF_RESERVED)
		found(walk, CAUSE_RESERVED, 0, 0);
	else if ((error & PF_PRESENT) && !(error & PF_USER) && walk->user)
		found(walk, CAUSE_USER_PAGE, level, entry);
	else
		found(walk, CAUSE_NONE, 0, 0);
}

static void
descend(struct walk *walk, uint64_t error, unsigned level, uint64_t table)
{
	unsigned shift = PAGE_BITS + INDEX_BITS * (level - 1);
	uint64_t index = walk->fault.address >> shift &
	    ((1u << INDEX_BITS) - 1);
	uint64_t entry = walk->tables->read((table & PTE_ADDRESS) +
	    index * sizeof(entry));
	const struct question *question = refusal(walk, entry);

	walk->user &= entry;
	if (question)
		found(walk, question->cause, level, entry);
	else if (is_page(entry, level))
		allowed(walk, error, level, entry);
	else
		descend(walk, error, level - 1, entry);
}

struct page_fault
page_fault_decode(vaddr_t address, uint64_t error,
    const struct page_tables *tables)
{
	struct walk walk = {
		.tables = tables,
		.user = PTE_USER,
		.fault = {
			.address = address,
			.access = access_of(error),
			.user = error & PF_USER,
		},
	};

	if (error & (PF_PKEY | PF_SHADOW_STACK)) {
		found(&walk, CAUSE_OTHER, 0, 0);
	} else {
		prepare(&walk, error);
		descend(&walk, error, LEVELS, tables->root);
	}
	return walk.fault;
}
