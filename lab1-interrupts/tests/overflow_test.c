/* SPDX-License-Identifier: MIT */
/*
 * overflow_test.c - a stack that overflows to order, for the tests from outside.
 *
 * overflow=alpha,9 calls 9 functions and then one of three that call themselves
 * for ever, with frames of different sizes.
 */
#include <lab0/init.h>
#include <lab0/option.h>
#include <lab0/string.h>
#include <lab0/types.h>

OPTION(overflow, "alpha|beta|gamma,CALLS", "test: use up the boot stack");

typedef unsigned endless(unsigned depth);

#define ENDLESS(name, words) \
	__attribute__((noinline, no_sanitize("undefined"))) \
	no_stack_protector static unsigned \
	name(unsigned depth) \
	{ \
		volatile uint64_t used[words]; \
		\
		used[depth % (words)] = depth; \
		return name##_again(depth + 1) + (unsigned)used[0]; \
	}

/* By a pointer, so that the compiler makes no loop of it. */
static endless *volatile alpha_pointer, *volatile beta_pointer,
    *volatile gamma_pointer;
#define overflow_alpha_again alpha_pointer
#define overflow_beta_again beta_pointer
#define overflow_gamma_again gamma_pointer
ENDLESS(overflow_alpha, 1)
ENDLESS(overflow_beta, 37)
ENDLESS(overflow_gamma, 201)

__attribute__((noinline)) static unsigned
first_calls(unsigned calls, endless *last)
{
	unsigned result = calls ? first_calls(calls - 1, last) : last(0);

	__asm__ volatile("");		/* no tail call */
	return result + 1;
}

static int
overflow_if_asked(void)
{
	const char *how = option_get("overflow");
	endless *last = overflow_alpha;
	uint64_t calls = 0;

	if (!how)
		return 0;
	alpha_pointer = overflow_alpha;
	beta_pointer = overflow_beta;
	gamma_pointer = overflow_gamma;
	if (*how == 'b')
		last = overflow_beta;
	if (*how == 'g')
		last = overflow_gamma;
	while (*how && *how != ',')
		how++;
	for (; *how; how++)
		if (*how != ',')
			calls = calls * 10 + (uint64_t)(*how - '0');
	return (int)first_calls((unsigned)calls, last);
}
INIT_LATE(overflow_if_asked);
