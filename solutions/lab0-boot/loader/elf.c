/* SPDX-License-Identifier: MIT */
/*
 * elf.c - placing the kernel's ELF64 file in memory.
 *
 * Offers    elf_load.
 * Stands on memory_usable.
 * Source    see elf.h.
 */
#include "elf.h"

#include <stdbool.h>

#include "memory.h"
#include "string.h"
#include "todo.h"

/* Can the header and the table of segments be used? */
static enum elf_error
header_check(const struct elf_file *file)
{
	/* EX 0.9 { ELF_OK, ELF_BAD_HEADER or ELF_BAD_TABLE: see elf.h */
	const struct elf64_header *header = (const void *)file->bytes;

	if (file->size < sizeof(*header) ||
	    memcmp(header->ident, "\177ELF", 4) != 0 ||
	    header->ident[ELF_IDENT_CLASS] != ELF_CLASS_64 ||
	    header->ident[ELF_IDENT_DATA] != ELF_DATA_LITTLE_ENDIAN ||
	    header->type != ELF_TYPE_EXEC ||
	    header->machine != ELF_MACHINE_X86_64)
		return ELF_BAD_HEADER;
	if (header->phentsize != sizeof(struct elf64_segment) ||
	    header->phnum == 0 || header->phoff > file->size ||
	    header->phnum > (file->size - (uint32_t)header->phoff) /
	    sizeof(struct elf64_segment))
		return ELF_BAD_TABLE;
	return ELF_OK;
	/* EX 0.9 } (void)file; todo("0.9"); */
}

/* Can this segment be placed? */
static enum elf_error
segment_check(const struct elf_file *file, const struct elf64_segment *segment)
{
	/* EX 0.9 { ELF_OK, ELF_BAD_SEGMENT or ELF_BAD_PLACE: see elf.h */
	uint32_t start = (uint32_t)file->bytes;

	if (segment->filesz > segment->memsz || segment->offset > file->size ||
	    segment->filesz > file->size - segment->offset)
		return ELF_BAD_SEGMENT;
	if (segment->paddr < MEMORY_LOW_END ||
	    !memory_usable(segment->paddr, segment->memsz))
		return ELF_BAD_PLACE;
	/* Usable: below 4 GiB, so these sums fit. */
	if (segment->paddr < (uint64_t)start + file->size &&
	    segment->paddr + segment->memsz > start)
		return ELF_BAD_PLACE;
	return ELF_OK;
	/* EX 0.9 } (void)file; (void)segment; todo("0.9"); */
}

/* Put this segment, which has been checked, where it belongs. */
static void
segment_place(const struct elf_file *file, const struct elf64_segment *segment)
{
	/* EX 0.9 { see elf.h */
	uint8_t *to = (uint8_t *)(uint32_t)segment->paddr;
	uint32_t filesz = segment->filesz;

	memcpy(to, file->bytes + (uint32_t)segment->offset, filesz);
	memset(to + filesz, 0, segment->memsz - filesz);
	/* EX 0.9 } (void)file; (void)segment; todo("0.9"); */
}

enum elf_error
elf_load(const struct elf_file *file, uint32_t *entry)
{
	/* EX 0.9 { check all of it, then place the segments: see elf.h */
	const struct elf64_header *header = (const void *)file->bytes;
	const struct elf64_segment *segment, *end;
	enum elf_error error = header_check(file);
	bool entry_found = false;

	if (error != ELF_OK)
		return error;
	segment = (const void *)(file->bytes + (uint32_t)header->phoff);
	end = segment + header->phnum;
	for (const struct elf64_segment *s = segment; s < end; s++) {
		if (s->type != ELF_SEGMENT_LOAD || s->memsz == 0)
			continue;
		error = segment_check(file, s);
		if (error != ELF_OK)
			return error;
		if (header->entry < s->vaddr)
			continue;
		if (header->entry - s->vaddr < s->memsz) {
			*entry = s->paddr + (header->entry - s->vaddr);
			entry_found = true;
		}
	}
	if (!entry_found)
		return ELF_BAD_ENTRY;

	for (const struct elf64_segment *s = segment; s < end; s++) {
		if (s->type == ELF_SEGMENT_LOAD && s->memsz > 0)
			segment_place(file, s);
	}
	return ELF_OK;
	/* EX 0.9 } (void)file; (void)entry; todo("0.9"); */
}
