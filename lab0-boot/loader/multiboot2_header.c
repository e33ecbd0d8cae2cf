/* SPDX-License-Identifier: MIT */
/*
 * multiboot2_header.c - what a kernel asks of its loader.
 *
 * Offers    multiboot2_header_obey.
 * Stands on multiboot2_tags for what we pass; report.
 * Source    Multiboot2 Specification 2.0, 3.1 "OS image format".
 */
#include "multiboot2_header.h"

#include <stdbool.h>
#include <stddef.h>

#include "multiboot2_tags.h"
#include "report.h"

enum {
	HEADER_MAGIC = 0xe85250d6,
	HEADER_SEARCH = 32768,		/* of the file, 8-byte aligned */
	ARCHITECTURE_I386 = 0,

	REQUEST_END = 0,
	REQUEST_INFORMATION = 1,	/* tags that must be passed */
	REQUEST_ENTRY = 3,		/* another entry than the file's */
	REQUEST_CONSOLE = 4,
	REQUEST_FRAMEBUFFER = 5,	/* what it would like */
	REQUEST_MODULE_ALIGN = 6,	/* we pass no modules */
	REQUEST_EFI_FIRST = 7,		/* only for EFI loaders */
	REQUEST_EFI_LAST = 9,
	REQUEST_RELOCATABLE = 10,	/* may be moved: need not */

	REQUEST_OPTIONAL = 1 << 0,
};

struct header {
	uint32_t magic, architecture, length, checksum;
};

struct request {
	uint16_t type, flags;
	uint32_t size;
	uint32_t words[];
};

static const struct header *
header_find(const struct elf_file *file)
{
	uint32_t end = file->size < HEADER_SEARCH ? file->size : HEADER_SEARCH;

	for (uint32_t at = 0; at + sizeof(struct header) <= end; at += 8) {
		const struct header *header = (const void *)(file->bytes + at);

		if (header->magic == HEADER_MAGIC &&
		    header->architecture == ARCHITECTURE_I386 &&
		    header->magic + header->architecture + header->length +
		    header->checksum == 0 && header->length <= end - at)
			return header;
	}
	return NULL;
}

static void
refuse(const char *reason, uint32_t number)
{
	report_failure("Multiboot2 header");
	report_text(reason);
	report_dec(number);
	report_stop(RUN_LOADER);
}

static void
information_check(const struct request *request)
{
	unsigned n = (request->size - sizeof(*request)) / 4;

	for (unsigned i = 0; i < n; i++) {
		if (!multiboot2_passed(request->words[i]))
			refuse("we don't pass the tag wanted: ",
			    request->words[i]);
	}
}

static void
request_obey(const struct request *request, uint32_t *entry)
{
	bool optional = request->flags & REQUEST_OPTIONAL;

	switch (request->type) {
	case REQUEST_INFORMATION:
		if (!optional)
			information_check(request);
		return;
	case REQUEST_ENTRY:
		*entry = request->words[0];
		return;
	case REQUEST_CONSOLE ... REQUEST_RELOCATABLE:
		return;
	default:
		if (!optional)
			refuse("unknown request ", request->type);
	}
}

void
multiboot2_header_obey(const struct elf_file *file, uint32_t *entry)
{
	const struct header *header = header_find(file);
	uint32_t at = sizeof(*header);

	if (header == NULL)
		report_fail("Multiboot2 header", "the kernel has none");
	while (at + sizeof(struct request) <= header->length) {
		const struct request *request =
		    (const void *)((const uint8_t *)header + at);

		if (request->type == REQUEST_END)
			return;
		if (request->size < sizeof(*request) ||
		    request->size > header->length - at ||
		    (request->type == REQUEST_ENTRY && request->size < 12))
			refuse("wrong size of request ", request->type);
		request_obey(request, entry);
		at += (request->size + 7) & ~7u;
	}
}
