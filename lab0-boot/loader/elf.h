/* SPDX-License-Identifier: MIT */
/*
 * elf.h - placing the kernel's ELF64 file in memory.
 *
 * Source    Tool Interface Standard ELF 1.2; ELF-64 Object File Format 1.5;
 *           AMD64 ABI 1.0, 4.1.
 */
#ifndef LOADER_ELF_H
#define LOADER_ELF_H

#include <stdint.h>

enum {
	ELF_CLASS_64 = 2,		/* ident[ELF_IDENT_CLASS] */
	ELF_DATA_LITTLE_ENDIAN = 1,	/* ident[ELF_IDENT_DATA] */
	ELF_TYPE_EXEC = 2,
	ELF_MACHINE_X86_64 = 62,
	ELF_SEGMENT_LOAD = 1,

	ELF_IDENT_CLASS = 4,
	ELF_IDENT_DATA = 5,
};

struct elf64_header {
	uint8_t ident[16];		/* 7Fh 'E' 'L' 'F' class data ... */
	uint16_t type;
	uint16_t machine;
	uint32_t version;
	uint64_t entry;			/* virtual */
	uint64_t phoff;			/* where the program headers begin */
	uint64_t shoff;
	uint32_t flags;
	uint16_t ehsize;
	uint16_t phentsize;		/* bytes of a program header */
	uint16_t phnum;
	uint16_t shentsize, shnum, shstrndx;
};
_Static_assert(sizeof(struct elf64_header) == 64, "it is in the file");

struct elf64_segment {			/* a program header */
	uint32_t type;
	uint32_t flags;
	uint64_t offset;		/* in the file */
	uint64_t vaddr;
	uint64_t paddr;			/* where it is placed */
	uint64_t filesz;		/* bytes from the file */
	uint64_t memsz;			/* bytes in memory: the rest is bss */
	uint64_t align;
};
_Static_assert(sizeof(struct elf64_segment) == 56, "it is in the file");

/* The file as it was read; any byte of it may be wrong. */
struct elf_file {
	const uint8_t *bytes;
	uint32_t size;
};

/*
 * Why a file is refused, in the order of the checks. Segments may be checked
 * one by one or first all for the one error, then all for the other: when
 * several are bad, either's error is right. Fields not named here may hold
 * anything.
 */
enum elf_error {
	ELF_OK,
	ELF_BAD_HEADER,		/* shorter than a header; not 7Fh 'ELF',
				 * 64-bit, little endian, EXEC, x86-64 */
	ELF_BAD_TABLE,		/* phentsize is not 56, phnum is 0, or the
				 * program headers reach out of the file */
	ELF_BAD_SEGMENT,	/* filesz > memsz, or the segment's bytes
				 * reach out of the file; offset may not be
				 * behind its end even if filesz is 0 */
	ELF_BAD_PLACE,		/* not in usable RAM above 1 MiB, or over the
				 * file itself */
	ELF_BAD_ENTRY,		/* in no segment */
};

/*
 * Exercise 0.9: check the file, then place its segments.
 *
 * Only segments of type ELF_SEGMENT_LOAD with memsz > 0 count; the others are
 * not even checked. Each is placed at paddr: filesz bytes from the file, then
 * zeroes up to memsz. They are placed in the order of the table: where two
 * overlap, the later one's bytes and zeroes stay.
 * Sums of fields may overflow: check without adding.
 * memory_usable (memory.h) tells what is usable RAM; MEMORY_LOW_END is 1 MiB.
 *
 * entry     out: the physical address of the header's entry: that of the
 *           segment whose vaddr..vaddr + memsz it lies in; of several, any.
 *           No segment holds an address below its vaddr: none goes round the
 *           end of the addresses
 * returns   ELF_OK, or the first error; then no memory has been changed
 */
__attribute__((warn_unused_result))
enum elf_error elf_load(const struct elf_file *file, uint32_t *entry);

#endif
