/* SPDX-License-Identifier: MIT */
/*
 * string.h - memory, strings, numbers from text, glob patterns.
 *
 * Offers    the C library's functions of these names with their meaning, and
 *           strscpy, strtou64, glob_match, which C lacks.
 * Stands on nothing; also builds on the host.
 * Source    ISO C11 7.24 for the names that C knows.
 *
 * Context of all: any; they never sleep and take no lock.
 */
#ifndef LAB0_STRING_H
#define LAB0_STRING_H

#include <lab0/types.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len_bytes);
void *memmove(void *to, const void *from, size_t len_bytes);
void *memset(void *to, int byte, size_t len_bytes);
int memcmp(const void *a, const void *b, size_t len_bytes);
void *memchr(const void *memory, int byte, size_t len_bytes);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *part);

/* Whether `s` begins with `prefix`. */
bool str_starts_with(const char *s, const char *prefix);

/*
 * Copy a string into a buffer of `size` bytes; what fits, always ended by a
 * null byte when size > 0.
 *
 * returns   its length; -E2BIG: it was cut
 */
ssize_t strscpy(char *restrict to, const char *restrict from, size_t size);

/*
 * Read a number at the start of a text: digits only, no sign, no blanks.
 *
 * base      2..36; 0 takes 16 after "0x" and 10 otherwise. "0x" is also
 *           allowed before base 16.
 * end       if not NULL: set to the first character that is not part of it;
 *           if NULL, the number must fill the whole text
 * returns   0, and the number in *out; otherwise *out is untouched
 * errors    -EINVAL  no digit, or something behind it and end is NULL
 *           -ERANGE  does not fit into 64 bits
 */
must_check int strtou64(const char *s, const char **end, unsigned base,
    uint64_t *out);

/*
 * Whether a whole name matches a pattern of `*` (any run), `?` (any one
 * character) and ordinary characters. Takes at most length(pattern) *
 * length(name) steps, whatever the pattern.
 */
bool glob_match(const char *pattern, const char *name);

/*
 * Whether a name matches one of the patterns of a list, separated by commas;
 * the empty list matches nothing.
 */
bool glob_match_list(const char *patterns, const char *name);

#endif
