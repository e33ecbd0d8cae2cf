/* SPDX-License-Identifier: MIT */
/*
 * monitor_memory.c - looking at memory, and changing it, from the prompt.
 *
 * A wrong address is an answer and not a fault: at first the page tables in use
 * say what may be touched.
 *
 * Owns      memory_access.
 * Offers    the monitor commands peek and poke.
 * Stands on the direct map, where all page tables of lab 0 are.
 * Source    Intel SDM 3A "4-Level Paging".
 */
#include <lab0/monitor.h>

#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/memory_access.h>
#include <lab0/memory_layout.h>
#include <lab0/printk.h>
#include <lab0/string.h>

enum {
	PEEK_DEFAULT = 64,
	PEEK_MAX = 4096,
	PEEK_ROW = 16,
	LEVELS = 4,
	INDEX_BITS = 9,
	PAGE_SHIFT = 12,
};

/* Rights of the page at an address: PTE_PRESENT, PTE_WRITE, or 0. */
static uint64_t
page_rights(vaddr_t address)
{
	uint64_t rights = PTE_PRESENT | PTE_WRITE;
	uint64_t entry = read_cr3();

	if ((uint64_t)((int64_t)(address << 16) >> 16) != address)
		return 0;		/* not canonical */
	for (int level = LEVELS - 1; level >= 0; level--) {
		unsigned shift = PAGE_SHIFT + INDEX_BITS * (unsigned)level;
		const uint64_t *table = phys_to_virt(entry & PTE_ADDRESS);

		entry = table[address >> shift & ((1u << INDEX_BITS) - 1)];
		rights &= entry;
		if (!(entry & PTE_PRESENT))
			return 0;
		if (level < LEVELS - 1 && entry & PTE_LARGE)
			break;
	}
	return rights;
}

/* First byte of a range that lacks a right; the range's end: none does. */
static vaddr_t
first_without(vaddr_t address, size_t len_bytes, uint64_t wanted)
{
	for (size_t done = 0; done < len_bytes;) {
		vaddr_t at = address + done;

		if ((page_rights(at) & wanted) != wanted)
			return at;
		done += PAGE_SIZE - at % PAGE_SIZE;
	}
	return address + len_bytes;
}

static size_t
read_mapped(void *out, vaddr_t address, size_t len_bytes)
{
	size_t good = first_without(address, len_bytes, PTE_PRESENT) - address;

	for (size_t i = 0; i < good; i++)
		((uint8_t *)out)[i] = *(volatile uint8_t *)(address + i);
	return len_bytes - good;
}

static int
write_mapped(vaddr_t address, uint64_t value, size_t len_bytes)
{
	if (first_without(address, len_bytes, PTE_PRESENT | PTE_WRITE) !=
	    address + len_bytes)
		return -EFAULT;

	memcpy((void *)address, &value, len_bytes);
	return 0;
}

static const struct memory_access page_table_access = {
	.read = read_mapped,
	.write = write_mapped,
};
SINGLETON_DEFINE(struct memory_access, memory_access, page_table_access);

/* What is left of a range after a read; says what stopped it. */
static size_t
look(void *out, vaddr_t address, size_t len_bytes)
{
	size_t left = memory_access->read(out, address, len_bytes);

	if (left)
		console_printf("0x%lx is not mapped\n",
		    address + len_bytes - left);
	return left;
}

static void
show_row(vaddr_t address, const uint8_t *bytes, size_t len_bytes)
{
	char hex[PEEK_ROW * 3 + 1] = "", text[PEEK_ROW + 1] = "";

	for (size_t i = 0; i < len_bytes; i++) {
		snprintk(&hex[i * 3], 4, " %02x", bytes[i]);
		text[i] = bytes[i] >= ' ' && bytes[i] <= '~' ?
		    (char)bytes[i] : '.';
	}
	console_printf("%016lx %-48s  %s\n", address, hex, text);
}

static int
peek_command(int argc, char **argv)
{
	static uint8_t seen[PEEK_MAX];
	uint64_t address, len_bytes = PEEK_DEFAULT;

	if (argc < 2 || argc > 3 || monitor_number(argv[1], &address) ||
	    (argc == 3 && monitor_number(argv[2], &len_bytes)) ||
	    len_bytes == 0 || len_bytes > PEEK_MAX)
		return -EINVAL;
	if (look(seen, address, len_bytes))
		return 0;
	for (size_t at = 0; at < len_bytes; at += PEEK_ROW)
		show_row(address + at, &seen[at],
		    MIN(len_bytes - at, (size_t)PEEK_ROW));
	return 0;
}
MONITOR_COMMAND(peek, "ADDRESS [BYTES<=4096]", "show memory", peek_command);

static bool
fits(uint64_t value, uint64_t len_bytes)
{
	return len_bytes == 8 || value >> (8 * len_bytes) == 0;
}

static int
poke_command(int argc, char **argv)
{
	uint8_t old[sizeof(uint64_t)];
	uint64_t address, value, len_bytes = 1;

	if (argc < 3 || argc > 4 || monitor_number(argv[1], &address) ||
	    monitor_number(argv[2], &value) ||
	    (argc == 4 && monitor_number(argv[3], &len_bytes)) ||
	    (len_bytes != 1 && len_bytes != 2 && len_bytes != 4 &&
	    len_bytes != 8) || !fits(value, len_bytes))
		return -EINVAL;
	if (memory_access->write(address, value, len_bytes) == 0 ||
	    look(old, address, len_bytes))
		return 0;
	console_printf("0x%lx is read-only\n", address);
	return 0;
}
MONITOR_COMMAND(poke, "ADDRESS VALUE [1|2|4|8]", "change bytes of memory",
    poke_command);
