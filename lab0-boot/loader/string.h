/* SPDX-License-Identifier: MIT */
/*
 * string.h - the few memory functions that the loader and its compiler need.
 */
#ifndef LOADER_STRING_H
#define LOADER_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);

#endif
