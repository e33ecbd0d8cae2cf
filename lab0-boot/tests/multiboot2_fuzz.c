/* SPDX-License-Identifier: MIT */
/*
 * multiboot2_fuzz.c - any bytes as Multiboot2's tags.
 */
#include <lab0/multiboot2.h>

#include "boot_window.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	static struct boot_window window;
	static struct boot_facts facts;
	int err;

	memset(&facts, 0, sizeof(facts));
	window_open(&window, bytes, len_bytes);
	err = multiboot2_parse(&window.reader, WINDOW_BASE, &facts);
	window_close(&window);
	host_assert((err == 0) == (len_bytes >= 8));
	facts_check(&facts);
	/* What is appended is there whole, or not at all. */
	size_t have = strlen(facts.cmdline);
	if (bootfacts_append_cmdline(&facts, "a=b", 3) == 0)
		host_assert(strcmp(facts.cmdline + have + (have > 0),
		    "a=b") == 0);
	else
		host_assert(strlen(facts.cmdline) == have);
	return 0;
}
