/* SPDX-License-Identifier: MIT */
/*
 * exception_caller.c - the caller of code that has no frame.
 *
 * A backtrace starts at RBP. At the first instruction of a function, in a
 * function that the compiler gave no frame (one that calls nothing), and where
 * a wild jump led to, RBP is still the caller's, so that the caller itself is
 * missing: only its return address is there, on top of the stack. It counts if
 * it points into the kernel's code, right behind a call.
 *
 * Owns      nothing.
 * Offers    exception_caller.
 * Stands on memory_access, symbol_name_slow.
 * Source    Intel SDM 2A "CALL"; System V ABI, AMD64, 3.2.2.
 */
#include "exception_words.h"

#include <lab0/memory_access.h>
#include <lab0/memory_layout.h>
#include <lab0/string.h>
#include <lab0/symbols.h>

enum {
	CALL_BYTES_MAX = 7,
	LOOKED_AT_MAX = 512,		/* bytes of a function */
};

/* push rbp; mov rbp, rsp: in the encodings of both assemblers. */
static const uint8_t frame_code[] = { 0x55, 0x48, 0x89, 0xe5 };

static bool
in_text(uint64_t address)
{
	return address >= (vaddr_t)kernel_text &&
	    address < (vaddr_t)kernel_text_end;
}

/* Whether the function's code up to RIP has made a frame. */
static bool
has_frame(uint64_t start, uint64_t rip)
{
	const uint8_t *code = (const uint8_t *)start;
	uint64_t len_bytes = MIN(rip - start, (uint64_t)LOOKED_AT_MAX);

	for (uint64_t i = 0; i + sizeof(frame_code) <= len_bytes; i++)
		if (memcmp(&code[i], frame_code, sizeof(frame_code)) == 0)
			return true;
	return false;
}

/* call rel32, or call by a register or memory: FF /2 of 2 to 7 bytes. */
static bool
behind_call(uint64_t address)
{
	const uint8_t *code = (const uint8_t *)address;

	if (address - (vaddr_t)kernel_text < CALL_BYTES_MAX)
		return false;
	if (code[-5] == 0xe8)
		return true;
	for (int length = 2; length <= CALL_BYTES_MAX; length++)
		if (code[-length] == 0xff && (code[1 - length] & 0x38) == 0x10)
			return true;
	return false;
}

uint64_t
exception_caller(const struct interrupt_frame *frame)
{
	uint64_t offset, back;

	if (frame->cs & 3 ||
	    memory_access->read(&back, frame->rsp, sizeof(back)) ||
	    !in_text(back) || !behind_call(back))
		return 0;
	if (in_text(frame->rip) && symbol_name_slow(frame->rip, &offset) &&
	    has_frame(frame->rip - offset, frame->rip))
		return 0;
	return back;
}
