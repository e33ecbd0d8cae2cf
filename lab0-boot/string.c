/* SPDX-License-Identifier: MIT */
/*
 * string.c - memory, strings, numbers from text.
 *
 * Offers    all of string.h but the glob patterns.
 * Stands on nothing: the compiler itself calls memcpy and memset from code
 *           that runs before the first boot step. Also builds on the host.
 *
 * Copies go by 8 bytes, unaligned, which x86 allows at little cost; the end
 * is done by one last word that overlaps what was copied before.
 */
#include <lab0/string.h>

#include <lab0/errno.h>

#include "word.h"

/*
 * gcc knows a copy loop when it sees one and replaces it with a call of
 * memcpy, here of itself. It does not look through this.
 */
#define keep_loop(pointer) __asm__("" : "+r"(pointer))

static inline void
copy_word(void *to, const void *from)
{
	*(word_t *)to = *(const word_t *)from;
}

/* Less than a word: two halves or quarters, which may overlap. */
static inline void
copy_short(char *to, const char *from, size_t len_bytes)
{
	if (len_bytes >= sizeof(half_t)) {
		size_t last = len_bytes - sizeof(half_t);
		half_t low = *(const half_t *)from;

		*(half_t *)(to + last) = *(const half_t *)(from + last);
		*(half_t *)to = low;
	} else if (len_bytes) {
		to[len_bytes - 1] = from[len_bytes - 1];
		to[len_bytes / 2] = from[len_bytes / 2];
		*to = *from;
	}
}

void *
memcpy(void *restrict to, const void *restrict from, size_t len_bytes)
{
	char *d = to;
	const char *s = from;
	char *end = d + len_bytes;

	if (len_bytes < WORD) {
		copy_short(to, from, len_bytes);
		return to;
	}
	for (; end - d >= 4 * WORD; d += 4 * WORD, s += 4 * WORD) {
		copy_word(d, s);
		copy_word(d + WORD, s + WORD);
		copy_word(d + 2 * WORD, s + 2 * WORD);
		copy_word(d + 3 * WORD, s + 3 * WORD);
		keep_loop(d);
	}
	for (; end - d > WORD; d += WORD, s += WORD) {
		copy_word(d, s);
		keep_loop(d);
	}
	copy_word(end - WORD, s + (end - d) - WORD);
	return to;
}

static void
copy_backwards(char *d, const char *s, size_t len_bytes)
{
	for (; len_bytes >= WORD; len_bytes -= WORD) {
		copy_word(d + len_bytes - WORD, s + len_bytes - WORD);
		keep_loop(d);
	}
	while (len_bytes--) {
		d[len_bytes] = s[len_bytes];
		keep_loop(d);
	}
}

/* Forwards is safe when `to` is below; memcpy's last word is not. */
static void
copy_forwards(char *d, const char *s, size_t len_bytes)
{
	for (; len_bytes >= WORD; len_bytes -= WORD, d += WORD, s += WORD) {
		copy_word(d, s);
		keep_loop(d);
	}
	for (; len_bytes; len_bytes--) {
		*d++ = *s++;
		keep_loop(d);
	}
}

void *
memmove(void *to, const void *from, size_t len_bytes)
{
	/* unsigned: also true when `to` lies below `from` */
	if ((uintptr_t)to - (uintptr_t)from >= len_bytes)
		copy_forwards(to, from, len_bytes);
	else
		copy_backwards(to, from, len_bytes);
	return to;
}

void *
memset(void *to, int byte, size_t len_bytes)
{
	char *d = to;
	char *end = d + len_bytes;
	word_t word = (unsigned char)byte * 0x0101010101010101ul;

	if (len_bytes < WORD) {
		while (d < end) {
			*d++ = (char)byte;
			keep_loop(d);
		}
		return to;
	}
	for (; end - d > WORD; d += WORD) {
		*(word_t *)d = word;
		keep_loop(d);
	}
	*(word_t *)(end - WORD) = word;
	return to;
}

int
memcmp(const void *a, const void *b, size_t len_bytes)
{
	const unsigned char *x = a, *y = b;

	for (; len_bytes >= WORD; len_bytes -= WORD, x += WORD, y += WORD) {
		if (*(const word_t *)x != *(const word_t *)y)
			break;
	}
	for (; len_bytes; len_bytes--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

void *
memchr(const void *memory, int byte, size_t len_bytes)
{
	const unsigned char *at = memory;

	for (; len_bytes; len_bytes--, at++) {
		if (*at == (unsigned char)byte)
			return (void *)at;
	}
	return NULL;
}

size_t
strlen(const char *s)
{
	const char *end = s;

	while (*end) {
		end++;
		keep_loop(end);
	}
	return (size_t)(end - s);
}

size_t
strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int
strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (unsigned char)*a - (unsigned char)*b;
}

int
strncmp(const char *a, const char *b, size_t max)
{
	for (; max; max--, a++, b++) {
		if (*a != *b)
			return (unsigned char)*a - (unsigned char)*b;
		if (!*a)
			break;
	}
	return 0;
}

char *
strchr(const char *s, int c)
{
	for (; *s != (char)c; s++) {
		if (!*s)
			return NULL;
	}
	return (char *)s;
}

char *
strrchr(const char *s, int c)
{
	const char *last = NULL;

	do {
		if (*s == (char)c)
			last = s;
	} while (*s++);
	return (char *)last;
}

bool
str_starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

char *
strstr(const char *s, const char *part)
{
	for (; !str_starts_with(s, part); s++) {
		if (!*s)
			return NULL;
	}
	return (char *)s;
}

ssize_t
strscpy(char *restrict to, const char *restrict from, size_t size)
{
	size_t len = strnlen(from, size);

	if (size == 0)
		return -E2BIG;
	if (len < size) {
		memcpy(to, from, len + 1);
		return (ssize_t)len;
	}
	memcpy(to, from, size - 1);
	to[size - 1] = '\0';
	return -E2BIG;
}

/* Value of a digit in the largest base; 36 for what is none. */
static unsigned
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 'a' - 'A';
	return c >= 'a' && c <= 'z' ? (unsigned)(c - 'a') + 10 : 36;
}

/* Skip "0x" if a digit follows it, for "0x" alone is the number 0. */
static const char *
skip_prefix(const char *s, unsigned *base)
{
	bool hex = s[0] == '0' && (s[1] | 0x20) == 'x'
	    && digit_value(s[2]) < 16;

	if (*base == 0)
		*base = hex ? 16 : 10;
	return hex && *base == 16 ? s + 2 : s;
}

int
strtou64(const char *s, const char **end, unsigned base, uint64_t *out)
{
	uint64_t value = 0;
	const char *first = s = skip_prefix(s, &base);
	unsigned digit;

	for (; (digit = digit_value(*s)) < base; s++) {
		if (__builtin_mul_overflow(value, base, &value)
		    || __builtin_add_overflow(value, digit, &value))
			return -ERANGE;
	}
	if (s == first || (!end && *s))
		return -EINVAL;
	if (end)
		*end = s;
	*out = value;
	return 0;
}
