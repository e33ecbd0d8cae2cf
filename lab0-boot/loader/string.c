/* SPDX-License-Identifier: MIT */
/*
 * string.c - the few memory functions that the loader and its compiler need.
 *
 * Offers    memcpy, memset, memcmp, strlen, strcmp.
 * Stands on nothing. The direction flag is clear, as the C ABI has it.
 */
#include "string.h"

#include <stdint.h>

/* Four bytes at a time: megabytes go through here at each boot. */
void *
memcpy(void *restrict to, const void *restrict from, size_t n)
{
	void *edi = to;
	size_t words = n / 4;

	__asm__ volatile("rep movsl" : "+D"(edi), "+S"(from), "+c"(words)
	    : : "memory");
	n %= 4;
	__asm__ volatile("rep movsb" : "+D"(edi), "+S"(from), "+c"(n)
	    : : "memory");
	return to;
}

void *
memset(void *to, int byte, size_t n)
{
	void *edi = to;
	size_t words = n / 4;

	__asm__ volatile("rep stosl" : "+D"(edi), "+c"(words)
	    : "a"((uint8_t)byte * 0x01010101u) : "memory");
	n %= 4;
	__asm__ volatile("rep stosb" : "+D"(edi), "+c"(n)
	    : "a"(byte) : "memory");
	return to;
}

int
memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (; n > 0; n--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

size_t
strlen(const char *text)
{
	const char *end = text;

	while (*end != '\0')
		end++;
	return end - text;
}

int
strcmp(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b)
		a++, b++;
	return (uint8_t)*a - (uint8_t)*b;
}
