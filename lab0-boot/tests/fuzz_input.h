/* SPDX-License-Identifier: MIT */
/*
 * fuzz_input.h - a fuzzer's bytes, taken one number after the other.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

struct fuzz_input {
	const uint8_t	*next;
	size_t		left;
};

/* `n` bytes, at most 8, as a number; zeroes behind the end. */
static inline uint64_t
fuzz_take(struct fuzz_input *in, unsigned n)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < n && in->left; i++, in->left--)
		value |= (uint64_t)*in->next++ << 8 * i;
	return value;
}

#endif
