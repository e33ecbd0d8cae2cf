/* SPDX-License-Identifier: MIT */
/*
 * boot_window.h - a fuzzer's bytes as the physical memory of a parser.
 *
 * What a parser asks for it gets in a copy of that very length, so that the
 * sanitizer sees a read behind it, wherever in the input it lies.
 */
#ifndef BOOT_WINDOW_H
#define BOOT_WINDOW_H

#include <lab0/bootfacts.h>

#include <lab0/string.h>

#include "host.h"

enum {
	WINDOW_BASE = 0x9000,		/* physical address of the input */
	WINDOW_COPIES = 8192,
};

struct boot_window {
	struct boot_reader reader;	/* first */
	const uint8_t	*bytes;
	size_t		size;
	void		*copies[WINDOW_COPIES];
	unsigned	ncopies;
};

static const void *
window_at(const struct boot_reader *reader, paddr_t address, size_t len_bytes)
{
	struct boot_window *w = (struct boot_window *)(uintptr_t)reader;
	uint64_t at = address - WINDOW_BASE;

	if (at > w->size || len_bytes > w->size - at)
		return NULL;
	host_assert(w->ncopies < WINDOW_COPIES);
	return w->copies[w->ncopies++] = host_copy(w->bytes + at, len_bytes);
}

static void
window_warn(const struct boot_reader *reader, const char *what, uint64_t value)
{
	(void)reader;
	(void)value;
	host_assert(*what);
}

static void
window_open(struct boot_window *w, const uint8_t *bytes, size_t size)
{
	w->reader = (struct boot_reader){ window_at, window_warn };
	w->bytes = bytes;
	w->size = size;
	w->ncopies = 0;
}

static void
window_close(struct boot_window *w)
{
	while (w->ncopies)
		host_free(w->copies[--w->ncopies]);
}

/* What holds of the facts, whatever was parsed. */
static void
facts_check(const struct boot_facts *facts)
{
	host_assert(memchr(facts->cmdline, 0, sizeof(facts->cmdline)));
	host_assert(memchr(facts->loader, 0, sizeof(facts->loader)));
	host_assert(facts->nmemmap <= BOOT_MEMMAP_MAX);
	host_assert(facts->rsdp_bytes == 0 || facts->rsdp_bytes == 20 ||
	    facts->rsdp_bytes == BOOT_RSDP_BYTES);
	host_assert((facts->rsdp != 0) == (facts->rsdp_bytes != 0));
	host_assert(facts->framebuffer.kind <= FRAMEBUFFER_TEXT);
	(void)boot_memory_usable(facts);
}

#endif
