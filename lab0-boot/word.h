/* SPDX-License-Identifier: MIT */
/*
 * word.h - eight bytes of text or memory at a time.
 */
#ifndef LAB0_WORD_H
#define LAB0_WORD_H

#include <lab0/types.h>

/* At any address, and of memory that has any type. x86 allows it. */
typedef uint64_t __attribute__((may_alias)) aligned(1) word_t;
typedef uint32_t __attribute__((may_alias)) aligned(1) half_t;

enum { WORD = sizeof(word_t) };

#endif
