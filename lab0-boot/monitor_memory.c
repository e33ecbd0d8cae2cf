/* SPDX-License-Identifier: MIT */
/*
 * monitor_memory.c - looking at memory, and changing it, from the prompt.
 *
 * The page tables in use say what may be touched, so that a wrong address is
 * an answer and not a fault.
 *
 * Offers    the monitor commands peek and poke.
 * Stands on the direct map, where all page tables of lab 0 are.
 * Source    Intel SDM 3A "4-Level Paging".
 */
#include <lab0/monitor.h>

#include <lab0/cpu.h>
#include <lab0/errno.h>
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

/* Whether all bytes may be read and, if asked, written; says so if not. */
static bool
may_touch(vaddr_t address, uint64_t len_bytes, uint64_t wanted)
{
	vaddr_t last = address + len_bytes - 1;

	for (vaddr_t page = ALIGN_DOWN(address, PAGE_SIZE);;
	    page += PAGE_SIZE) {
		uint64_t rights = page_rights(page);

		if (last < address || !(rights & PTE_PRESENT)) {
			console_printf("0x%lx is not mapped\n",
			    MAX(page, address));
			return false;
		}
		if ((rights & wanted) != wanted) {
			console_printf("0x%lx is read-only\n",
			    MAX(page, address));
			return false;
		}
		if (last - page < PAGE_SIZE)
			return true;
	}
}

static void
show_row(vaddr_t address, uint64_t len_bytes)
{
	char hex[PEEK_ROW * 3 + 1] = "", text[PEEK_ROW + 1] = "";

	for (uint64_t i = 0; i < len_bytes; i++) {
		uint8_t byte = *(volatile uint8_t *)(address + i);

		snprintk(&hex[i * 3], 4, " %02x", byte);
		text[i] = byte >= ' ' && byte <= '~' ? (char)byte : '.';
	}
	console_printf("%016lx %-48s  %s\n", address, hex, text);
}

static int
peek_command(int argc, char **argv)
{
	uint64_t address, len_bytes = PEEK_DEFAULT;

	if (argc < 2 || argc > 3 || monitor_number(argv[1], &address) ||
	    (argc == 3 && monitor_number(argv[2], &len_bytes)) ||
	    len_bytes == 0 || len_bytes > PEEK_MAX)
		return -EINVAL;
	if (!may_touch(address, len_bytes, PTE_PRESENT))
		return 0;
	for (; len_bytes > PEEK_ROW; len_bytes -= PEEK_ROW) {
		show_row(address, PEEK_ROW);
		address += PEEK_ROW;
	}
	show_row(address, len_bytes);
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
	uint64_t address, value, len_bytes = 1;

	if (argc < 3 || argc > 4 || monitor_number(argv[1], &address) ||
	    monitor_number(argv[2], &value) ||
	    (argc == 4 && monitor_number(argv[3], &len_bytes)) ||
	    (len_bytes != 1 && len_bytes != 2 && len_bytes != 4 &&
	    len_bytes != 8) || !fits(value, len_bytes))
		return -EINVAL;
	if (may_touch(address, len_bytes, PTE_PRESENT | PTE_WRITE))
		memcpy((void *)address, &value, len_bytes);
	return 0;
}
MONITOR_COMMAND(poke, "ADDRESS VALUE [1|2|4|8]", "change bytes of memory",
    poke_command);
