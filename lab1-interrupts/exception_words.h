/* SPDX-License-Identifier: MIT */
/*
 * exception_words.h - an exception in words (private to the report).
 */
#ifndef EXCEPTION_WORDS_H
#define EXCEPTION_WORDS_H

#include <lab0/types.h>
#include <lab1/exception.h>
#include <lab1/page_fault.h>
#include <lab1/vectors.h>

/* A text under construction: what does not fit is left out. */
struct words {
	char	*text;		/* ended by a null byte */
	size_t	size, length;
};

void words_str(struct words *words, const char *text);
void words_dec(struct words *words, uint64_t value);
void words_hex(struct words *words, uint64_t value);	/* 0x2 */
void words_address(struct words *words, uint64_t value); /* 16 digits */
void words_symbol(struct words *words, const char *function, uint64_t offset);

/* All that is known of an exception; what is not known is NULL. */
struct exception_facts {
	const struct interrupt_frame	*frame;
	uint64_t			cr2;
	const struct page_fault		*page_fault;	/* #PF */
	const struct selector_error	*selector;	/* error code not 0 */
	const char			*stack;		/* that overflowed */
	const char			*guard;		/* ... whose guard page
							   CR2 lies in */
	const uint64_t			*operand;	/* #GP, #SS: address */
	const char			*function;	/* around RIP */
	uint64_t			offset;		/* in that function */
	const char			*caller;	/* if it has no frame */
	uint64_t			caller_offset;
	const char			*doing;		/* "while ..." */
};

/* Where it was: `foo+0x12`, or the bare address. */
void words_place(struct words *words, const struct exception_facts *facts);

/* "PML4", "PDPT", "PD", "PT" of 4..1. */
const char *page_table_name(unsigned level);

/*
 * One sentence: what, to what, by whom, where and why, such as
 * `page fault: write to 0x0000000000000010 by the kernel at foo+0x12: PML4
 * entry not present`.
 */
void exception_headline(struct words *words,
    const struct exception_facts *facts);

/* The bits of the error code, such as `write, no translation, in ring 0`. */
void exception_error_words(struct words *words, unsigned vector,
    uint64_t error, const struct selector_error *selector);

/* Whether bits 63 to 47 are alike, as in every address that can be. */
bool exception_canonical(uint64_t address);

/*
 * exception_operand.c: the address that an instruction reads, writes or jumps
 * through.
 *
 * code      its first bytes
 * address   receives it
 * returns   false: it has none, or this code does not know it
 */
bool exception_operand(const struct interrupt_frame *frame,
    const uint8_t *code, size_t len_bytes, uint64_t *address);

/* exception_caller.c: the return address on top of the stack; 0: there is none,
 * or the frame that RBP points at is the interrupted function's own. */
uint64_t exception_caller(const struct interrupt_frame *frame);

#endif
