/* SPDX-License-Identifier: MIT */
/*
 * host.h - what the harness offers to hosted tests and fuzz targets.
 */
#ifndef HOST_H
#define HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Why a piece of hosted code did not return. */
enum host_end {
	HOST_RETURNED,
	HOST_PANIC,		/* the sentence has been printed */
	HOST_TODO,		/* host_todo is the stub's line */
};

/*
 * Where panics and stubs go to; NULL: they end the process, which is what a
 * fuzz target wants. Set to a jmp_buf that setjmp has filled.
 */
extern jmp_buf *host_escape;
extern char host_todo[256];

/* A broken promise in a fuzz target: says so and ends the process. */
#define host_assert(cond) \
	((cond) ? (void)0 : host_failed(__FILE__, __LINE__, #cond))
__attribute__((__noreturn__))
void host_failed(const char *file, int line, const char *cond);

/*
 * A copy of a fuzzer's bytes behind which there is nothing: the sanitizer sees
 * a read of one byte more. host_text ends it by a null byte. To be freed by
 * host_free.
 */
void *host_copy(const void *bytes, size_t len_bytes);
char *host_text(const void *bytes, size_t len_bytes);
void host_free(void *copy);

/* The C library's snprintf, to compare with. */
int host_snprintf(char *buffer, size_t size, const char *fmt, ...);

/* What libFuzzer calls; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

#endif
