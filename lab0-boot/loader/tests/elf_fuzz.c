/* SPDX-License-Identifier: MIT */
/*
 * elf_fuzz.c - any bytes as the kernel's file, against a plain model that
 * adds with more bits.
 *
 * The machine has one piece of RAM with a hole in it. The file lies in the RAM
 * or elsewhere, then with nothing behind it.
 */
#include "elf.h"

#include "host.h"
#include "loader_machine.h"
#include "memory.h"
#include "todo.h"

enum {
	RAM_BYTES = 16 << 10,
	HOLE = 10 << 10,
	HOLE_BYTES = 1 << 10,
	FILE_MAX = 4 << 10,
	ENTRIES = 2,
};

typedef unsigned __int128 wide;

static uint8_t *ram;
static unsigned answered;

/* E820: the RAM, then the hole. */
static void
bios(unsigned interrupt, struct bios_regs *regs)
{
	struct e820_answer *answer = host_bios_memory(regs->edi, regs);

	host_assert(interrupt == 0x15 && regs->eax == 0xe820);
	*answer = answered == 0 ?
	    (struct e820_answer){ (uintptr_t)ram, RAM_BYTES, 1, 0 } :
	    (struct e820_answer){ (uintptr_t)ram + HOLE, HOLE_BYTES, 2, 0 };
	regs->eax = E820_SMAP;
	regs->ebx = ++answered % ENTRIES;
	regs->ecx = E820_BYTES_MIN;
	regs->eflags = 0;
}

static void
machine_start(void)
{
	if (ram)
		return;
	ram = host_low_memory(0, RAM_BYTES);
	host_bios = bios;
	host_assert(memory_init() == 0);
}

static int
meets(wide start, wide bytes, wide other, wide other_bytes)
{
	return start < other + other_bytes && other < start + bytes;
}

static int
segment_good(const struct elf_file *file, const struct elf64_segment *s)
{
	uintptr_t base = (uintptr_t)ram;

	return s->filesz <= s->memsz &&
	    (wide)s->offset + s->filesz <= file->size && s->paddr >= base &&
	    (wide)s->paddr + s->memsz <= base + RAM_BYTES &&
	    !meets(s->paddr, s->memsz, base + HOLE, HOLE_BYTES) &&
	    !meets(s->paddr, s->memsz, (uintptr_t)file->bytes, file->size);
}

static int
header_good(const struct elf_file *file)
{
	struct elf64_header h;

	if (file->size < sizeof(h))
		return 0;
	__builtin_memcpy(&h, file->bytes, sizeof(h));
	return __builtin_memcmp(h.ident, "\177ELF\2\1", 6) == 0 && h.type == 2 &&
	    h.machine == 62 && h.phentsize == 56 && h.phnum > 0 &&
	    (wide)h.phoff + h.phnum * 56 <= file->size;
}

/*
 * Place the file in `image`, a copy of the RAM; whether it can be. Then the
 * entry that was found has to be where some segment puts it.
 */
static int
model_load(const struct elf_file *file, uint8_t *image, uint32_t entry)
{
	struct elf64_header h;
	struct elf64_segment s;
	int inside = 0, right = 0;

	if (!header_good(file))
		return 0;
	__builtin_memcpy(&h, file->bytes, sizeof(h));
	for (unsigned i = 0; i < h.phnum; i++) {
		uint8_t *to;

		__builtin_memcpy(&s, file->bytes + h.phoff + i * sizeof(s), sizeof(s));
		if (s.type != ELF_SEGMENT_LOAD || s.memsz == 0)
			continue;
		if (!segment_good(file, &s))
			return 0;
		to = image + (s.paddr - (uintptr_t)ram);
		__builtin_memcpy(to, file->bytes + s.offset, s.filesz);
		__builtin_memset(to + s.filesz, 0, s.memsz - s.filesz);
		if (h.entry >= s.vaddr && h.entry - s.vaddr < s.memsz) {
			inside = 1;
			right |= entry == s.paddr + (h.entry - s.vaddr);
		}
	}
	host_assert(right || !inside);
	return inside;
}

/* The first byte says where the file lies; the rest is the file. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static uint8_t before[RAM_BYTES], image[RAM_BYTES];
	uint8_t *outside = host_low_memory(1, FILE_MAX);
	uint32_t entry = 0;
	struct elf_file file;
	enum elf_error error;

	if (!exercise_written("0.8"))	/* tells what is usable RAM */
		todo_reached("0.8", "e820_collect");
	if (len == 0 || len - 1 > FILE_MAX)
		return 0;
	machine_start();
	file.size = len - 1;
	file.bytes = bytes[0] & 1 ? outside + FILE_MAX - file.size
	    : ram + RAM_BYTES - FILE_MAX;
	__builtin_memset(ram, 0x5a, RAM_BYTES);
	__builtin_memcpy((void *)file.bytes, bytes + 1, file.size);
	__builtin_memcpy(before, ram, RAM_BYTES);
	__builtin_memcpy(image, ram, RAM_BYTES);

	error = elf_load(&file, &entry);
	if (model_load(&file, image, entry)) {
		host_assert(error == ELF_OK);
		host_assert(__builtin_memcmp(ram, image, RAM_BYTES) == 0);
	} else {
		host_assert(error != ELF_OK);
		host_assert(__builtin_memcmp(ram, before, RAM_BYTES) == 0);
	}
	return 0;
}
