/* SPDX-License-Identifier: MIT */
/*
 * header_fuzz.c - any bytes as a kernel with a Multiboot2 header, whose first
 * eight bytes and checksum are given.
 */
#include "multiboot2_header.h"

#include "host.h"
#include "loader_machine.h"
#include "string.h"

enum { FILE_MAX = 40 << 10, PAGE = 4096, FIXED_WORDS = 4 };

static void
obey(void *file)
{
	uint32_t entry = 0;

	multiboot2_header_obey(file, &entry);
}

/* Nothing behind the file: it ends where its memory does. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	uint8_t *memory = host_low_memory(0, FILE_MAX + PAGE);
	uint32_t words[FIXED_WORDS] = { 0xe85250d6 };
	struct elf_file file;

	size = size / 8 * 8;
	if (size < sizeof(words) || size > FILE_MAX)
		return 0;
	file = (struct elf_file){ memory + FILE_MAX + PAGE - size, size };
	memcpy((void *)file.bytes, bytes, size);
	/* odd third word: no header at the start, perhaps one further on */
	memcpy(&words[2], bytes + 8, sizeof(words[2]));
	words[3] = -(words[0] + words[2]);
	if (words[2] % 2 == 0)
		memcpy((void *)file.bytes, words, sizeof(words));
	(void)host_completes(obey, &file);
	return 0;
}
