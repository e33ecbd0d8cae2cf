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

/* Do `length` bytes from `start` lie within the first `size`? */
static bool
within(uint64_t start, uint64_t length, uint64_t size)
{
	return length <= size && start <= size - length;
}

/* Do `length` bytes from `start` include `at`? */
static bool
holds(uint64_t start, uint64_t length, uint64_t at)
{
	return at >= start && at - start < length;
}

/* The file's structures may lie at any address: they are read as copies. */
static struct elf64_header
header_read(const struct elf_file *file)
{
	struct elf64_header header;

	memcpy(&header, file->bytes, sizeof(header));
	return header;
}

/* Can the header and the table of segments be used? */
static enum elf_error
header_check(const struct elf_file *file)
{
	static const uint8_t ident[] = {
		0x7f, 'E', 'L', 'F',
		[ELF_IDENT_CLASS] = ELF_CLASS_64,
		[ELF_IDENT_DATA] = ELF_DATA_LITTLE_ENDIAN,
	};
	struct elf64_header header;

	if (file->size < sizeof(header))
		return ELF_BAD_HEADER;
	header = header_read(file);
	if (header.machine != ELF_MACHINE_X86_64 ||
	    header.type != ELF_TYPE_EXEC ||
	    memcmp(header.ident, ident, sizeof(ident)) != 0)
		return ELF_BAD_HEADER;

	if (header.phnum == 0 ||
	    header.phentsize != sizeof(struct elf64_segment) ||
	    !within(header.phoff, header.phnum * sizeof(struct elf64_segment),
	    file->size))
		return ELF_BAD_TABLE;
	return ELF_OK;
}

/*
 * The first segment that counts, from number *next on; *next becomes the
 * number behind it. False: there is none left.
 */
static bool
segment_next(const struct elf_file *file, unsigned *next,
    struct elf64_segment *segment)
{
	struct elf64_header header = header_read(file);

	while (*next < header.phnum) {
		memcpy(segment, file->bytes + (uint32_t)header.phoff +
		    *next * sizeof(*segment), sizeof(*segment));
		++*next;
		if (segment->type == ELF_SEGMENT_LOAD && segment->memsz > 0)
			return true;
	}
	return false;
}

/* Can this segment be placed? */
static enum elf_error
segment_check(const struct elf_file *file, const struct elf64_segment *segment)
{
	uint64_t file_start = (uintptr_t)file->bytes;
	uint64_t start = segment->paddr;

	if (!within(segment->offset, segment->filesz, file->size) ||
	    segment->filesz > segment->memsz)
		return ELF_BAD_SEGMENT;
	if (start < MEMORY_LOW_END || !memory_usable(start, segment->memsz))
		return ELF_BAD_PLACE;
	/* Two ranges meet if one of them holds the other's first byte. */
	if (holds(start, segment->memsz, file_start) ||
	    holds(file_start, file->size, start))
		return ELF_BAD_PLACE;
	return ELF_OK;
}

/* Put this segment, which has been checked, where it belongs. */
static void
segment_place(const struct elf_file *file, const struct elf64_segment *segment)
{
	uint8_t *to = (uint8_t *)(uint32_t)segment->paddr;
	uint32_t filesz = segment->filesz;
	uint32_t memsz = segment->memsz;

	memset(to + filesz, 0, memsz - filesz);
	memcpy(to, file->bytes + (uint32_t)segment->offset, filesz);
}

/* The physical address of the header's entry, by the segment it lies in. */
static enum elf_error
entry_find(const struct elf_file *file, uint32_t *entry)
{
	uint64_t virtual = header_read(file).entry;
	struct elf64_segment segment;
	unsigned next = 0;

	while (segment_next(file, &next, &segment)) {
		if (holds(segment.vaddr, segment.memsz, virtual)) {
			*entry = segment.paddr + (virtual - segment.vaddr);
			return ELF_OK;
		}
	}
	return ELF_BAD_ENTRY;
}

enum elf_error
elf_load(const struct elf_file *file, uint32_t *entry)
{
	enum elf_error error = header_check(file);
	struct elf64_segment segment;
	unsigned next;

	if (error != ELF_OK)
		return error;
	for (next = 0; segment_next(file, &next, &segment);) {
		error = segment_check(file, &segment);
		if (error != ELF_OK)
			return error;
	}
	error = entry_find(file, entry);
	if (error != ELF_OK)
		return error;

	/* Nothing can go wrong from here on. */
	for (next = 0; segment_next(file, &next, &segment);)
		segment_place(file, &segment);
	return ELF_OK;
}
