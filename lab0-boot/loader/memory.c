/* SPDX-License-Identifier: MIT */
/*
 * memory.c - which memory the loader may use.
 *
 * Owns      the memory map.
 * Offers    memory_init, memory_map, memory_usable, memory_highest,
 *           memory_lower_kib, memory_upper_kib.
 * Stands on e820_collect (exercise 0.8); INT 12h, INT 15h AX=E801h.
 */
#include "memory.h"

#include "bios.h"
#include "report.h"
#include "todo.h"

enum {
	USABLE = 1,				/* E820's type of plain RAM */
	PAGE = 4096,
};

static const uint64_t FOUR_GIB = 1ull << 32;

static struct memory_map_tag map;

const struct memory_map_tag *
memory_map(void)
{
	return &map;
}

static unsigned
entry_count(void)
{
	return (map.size - 16) / sizeof(struct memory_entry);
}

static uint64_t
entry_end(const struct memory_entry *entry)
{
	uint64_t end = entry->base + entry->length;

	return end < entry->base ? UINT64_MAX : end;
}

uint32_t
memory_lower_kib(void)
{
	struct bios_regs regs = { .eax = 0 };

	bios_call(0x12, &regs);
	return regs.eax & 0xffff;
}

static void
map_add(uint64_t base, uint64_t length)
{
	unsigned n = entry_count();

	map.entries[n] = (struct memory_entry){
		.base = base, .length = length, .type = USABLE,
	};
	map.size += sizeof(struct memory_entry);
}

/* Enough to go on while exercise 0.8 is not written: no holes, no ACPI. */
static void
map_without_e820(void)
{
	struct bios_regs regs = { .eax = 0xe801 };

	map = (struct memory_map_tag){
		.type = MEMORY_MAP_TAG, .size = 16,
		.entry_size = sizeof(struct memory_entry),
	};
	map_add(0, memory_lower_kib() << 10);
	bios_call(0x15, &regs);
	if (regs.eflags & BIOS_CARRY)
		return;
	map_add(1 << 20, (uint64_t)(regs.eax & 0xffff) << 10);
	map_add(16 << 20, (uint64_t)(regs.ebx & 0xffff) << 16);
}

int
memory_init(void)
{
	if (exercise_written("0.8"))
		return e820_collect(&map);
	report_text("loader: exercise 0.8 (e820) is not written yet: "
	    "using INT 15h AX=E801h");
	report_end();
	map_without_e820();
	return 0;
}

/* Nothing that is not RAM reaches into [base, end). */
static bool
unreserved(uint64_t base, uint64_t end)
{
	for (unsigned i = 0; i < entry_count(); i++) {
		const struct memory_entry *entry = &map.entries[i];

		if (entry->type != USABLE && entry->length > 0 &&
		    entry->base < end && entry_end(entry) > base)
			return false;
	}
	return true;
}

/* How far RAM reaches from `at` without a gap, whatever is reserved in it. */
static uint64_t
ram_reach(uint64_t at)
{
	bool grew;

	do {
		grew = false;
		for (unsigned i = 0; i < entry_count(); i++) {
			const struct memory_entry *entry = &map.entries[i];

			if (entry->type == USABLE && entry->base <= at &&
			    entry_end(entry) > at) {
				at = entry_end(entry);
				grew = true;
			}
		}
	} while (grew);
	return at;
}

bool
memory_usable(uint64_t base, uint64_t length)
{
	uint64_t end = base + length;

	if (end < base || end > FOUR_GIB)
		return false;
	return unreserved(base, end) && ram_reach(base) >= end;
}

/* The highest fit below `limit`, if there is one right below it. */
static uint32_t
fit_below(uint64_t limit, uint32_t bytes)
{
	uint64_t base;

	if (limit > FOUR_GIB)
		limit = FOUR_GIB;
	if (limit < MEMORY_LOW_END + (uint64_t)bytes)
		return 0;
	base = (limit - bytes) & ~(uint64_t)(PAGE - 1);
	if (base < MEMORY_LOW_END || !memory_usable(base, bytes))
		return 0;
	return base;
}

/* The highest fit ends where RAM ends or where something else begins. */
uint32_t
memory_highest(uint32_t bytes)
{
	uint32_t best = 0;

	for (unsigned i = 0; i < entry_count(); i++) {
		const struct memory_entry *entry = &map.entries[i];
		uint64_t limit = entry->type == USABLE ? entry_end(entry) :
		    entry->base;
		uint32_t base = fit_below(limit, bytes);

		if (base > best)
			best = base;
	}
	return best;
}

uint32_t
memory_upper_kib(void)
{
	uint64_t end = ram_reach(MEMORY_LOW_END);

	for (unsigned i = 0; i < entry_count(); i++) {
		const struct memory_entry *entry = &map.entries[i];

		if (entry->type != USABLE && entry->length > 0 &&
		    entry->base < end && entry_end(entry) > MEMORY_LOW_END)
			end = entry->base;
	}
	if (end <= MEMORY_LOW_END)
		return 0;
	end = (end - MEMORY_LOW_END) >> 10;
	return end > UINT32_MAX ? UINT32_MAX : end;
}
