/* SPDX-License-Identifier: MIT */
/*
 * pvh_fuzz.c - any bytes as PVH's start info; its magic is given.
 */
#include <lab0/pvh.h>

#include "boot_window.h"

enum { ROOM = 8192 };

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	static const uint32_t magic = BOOT_MAGIC_PVH;
	static struct boot_window window;
	static struct boot_facts facts;
	static uint8_t memory[ROOM];
	int err;

	len_bytes = MIN(len_bytes, sizeof(memory));
	memcpy(memory, bytes, len_bytes);
	memcpy(memory, &magic, MIN(len_bytes, sizeof(magic)));
	memset(&facts, 0, sizeof(facts));
	window_open(&window, memory, len_bytes);
	err = pvh_parse(&window.reader, WINDOW_BASE, &facts);
	window_close(&window);
	host_assert((err == 0) ==
	    (len_bytes >= offsetof(struct pvh_start_info, memmap)));
	facts_check(&facts);
	host_assert(facts.loader[0] == '\0');	/* nobody says */
	return 0;
}
