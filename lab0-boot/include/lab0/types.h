/* SPDX-License-Identifier: MIT */
/*
 * types.h - the vocabulary: fixed-width integers, address kinds, attributes.
 *
 * Offers    paddr_t, vaddr_t, container_of, ARRAY_SIZE, MIN, MAX, ALIGN_*.
 * Stands on the compiler's freestanding headers only.
 */
#ifndef LAB0_TYPES_H
#define LAB0_TYPES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t paddr_t;	/* physical address, bytes */
typedef uint64_t vaddr_t;	/* kernel virtual address, bytes */
typedef int64_t ssize_t;

#define must_check __attribute__((warn_unused_result))
#define noreturn __attribute__((__noreturn__))
#define packed __attribute__((__packed__))
#define aligned(n) __attribute__((__aligned__(n)))
#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))
#define no_stack_protector __attribute__((__no_stack_protector__))

#define static_assert _Static_assert

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* n is a power of two. */
#define ALIGN_DOWN(x, n) ((x) & ~((__typeof__(x))(n) - 1))
#define ALIGN_UP(x, n) ALIGN_DOWN((x) + (n) - 1, n)

/* The object of type `type` whose field `member` is at `pointer`. */
#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - offsetof(type, member)))

#endif
