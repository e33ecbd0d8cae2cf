/* SPDX-License-Identifier: MIT */
/*
 * backtrace.h - who called whom, from the stack (exercise 0.4).
 *
 * With -fno-omit-frame-pointer every function begins with `push rbp; mov rbp,
 * rsp`, so that the frames form a linked list through the stack:
 *
 *	rbp ->	[ rbp of the caller   ]  -> the caller's frame
 *		[ return address      ]  8 bytes above
 *
 * The outermost frame holds 0. A walk must survive a stack full of rubbish:
 * it is done when things have gone wrong already.
 *
 * Source    System V ABI, AMD64 supplement, 3.2.2 "The Stack Frame".
 */
#ifndef LAB0_BACKTRACE_H
#define LAB0_BACKTRACE_H

#include <lab0/set.h>
#include <lab0/singleton.h>
#include <lab0/symbols.h>
#include <lab0/types.h>

/* Memory that may be read as a stack: lo <= address < hi. */
struct stack_bounds {
	vaddr_t	lo, hi;
};

/*
 * Collect return addresses, innermost first.
 *
 * rbp       the innermost frame
 * bounds    a frame counts only if all its 16 bytes are inside
 * out       receives the return addresses
 * max       room in `out`
 * returns   number of addresses written
 *
 * The walk ends at a frame that is 0, not a multiple of 8, not wholly inside
 * the bounds, or not above the frame before it (a frame is always above its
 * callee's: this also ends cycles), and at a return address of 0; nothing is
 * written for that frame. `Above` means a larger address: frames 8 bytes
 * apart may be followed or not. It reads nothing outside the bounds.
 * context   any, also in a panic
 */
unsigned backtrace_walk(uint64_t rbp, const struct stack_bounds *bounds,
    uint64_t *out, unsigned max);

/*
 * The symbol that an address belongs to: the last one that is not above it.
 *
 * table     `count` symbols, addresses strictly ascending
 * returns   NULL: none is at or below the address
 * context   any
 */
const struct symbol *symbol_find(const struct symbol *table, size_t count,
    uint64_t address);

/* A stack that is there for good, above a page that is not mapped; an upper
 * floor adds its own to the set. */
struct stack_area {
	const char	*name;		/* "boot stack" */
	vaddr_t		lo, hi;		/* lo <= address < hi */
};
SET_DECLARE(stack_area);

/* Singleton; the default walks the set, lab 3 knows tasks' stacks as well. */
struct stack_ops {
	/* The stack that an address lies on; lo == hi: none that is known. */
	struct stack_bounds (*bounds)(vaddr_t address);
};
SINGLETON_DECLARE(struct stack_ops, stack_ops);

/*
 * Show a backtrace with names on the consoles, one line a call.
 *
 * rbp       the innermost frame to show
 * context   any, also in a panic
 */
void backtrace_print(uint64_t rbp);

/* The frame of the function this stands in, to start a walk from. */
#define backtrace_here() ((uint64_t)__builtin_frame_address(0))

#endif
