/* SPDX-License-Identifier: MIT */
/*
 * e820_fuzz.c - a BIOS with any memory map; what is usable in it, against a
 * look at each place where something begins or ends.
 */
#include "e820.h"

#include "../../tests/fuzz_input.h"
#include "host.h"
#include "loader_machine.h"
#include "memory.h"
#include "string.h"
#include "todo.h"

enum { ANSWERS = 160 };

static const uint64_t FOUR_GIB = 1ull << 32;

static struct fuzz_input input;
static struct memory_entry given[ANSWERS];
static unsigned ngiven;
static uint32_t cookie;
static int broken;		/* this BIOS has failed */

/* Small numbers of pages and odd bytes: entries that touch and overlap. */
static uint64_t
number(unsigned kind)
{
	if (kind == 0)
		return fuzz_take(&input, 8);
	if (kind == 1)
		return FOUR_GIB - (fuzz_take(&input, 1) << 12);
	return (fuzz_take(&input, 2) << 12) + (kind == 2 ?
	    fuzz_take(&input, 1) : 0);
}

static void
e820(struct bios_regs *regs)
{
	struct e820_answer *answer = host_bios_memory(regs->edi, regs);
	unsigned control = fuzz_take(&input, 1);
	struct memory_entry entry;

	host_assert(regs->edx == E820_SMAP && regs->es == 0);
	host_assert(regs->ecx >= E820_BYTES_MIN && regs->ebx == cookie);
	if (control >= 0xfe || ngiven == ANSWERS || broken) {
		broken = 1;
		regs->eflags = control == 0xfe ? 0 : BIOS_CARRY;
		regs->eax = 0x8600;
		return;
	}
	entry = (struct memory_entry){
		.base = number(control & 3), .length = number(control >> 2 & 3),
		.type = control >> 4 & 3,
	};
	answer->base = entry.base;
	answer->length = entry.length;
	answer->type = entry.type;
	if (control & 0x40)
		answer->attributes = 1;
	given[ngiven++] = entry;
	regs->eax = E820_SMAP;
	regs->ecx = control & 0x40 ? E820_BYTES_MAX : E820_BYTES_MIN;
	regs->eflags = 0;
	regs->ebx = cookie = input.left ? 0x10000 + ngiven : 0;
}

static void
bios(unsigned interrupt, struct bios_regs *regs)
{
	if (interrupt == 0x15 && regs->eax == 0xe820)
		e820(regs);
	else if (interrupt == 0x12)
		regs->eax = 639;
	else
		regs->eflags = BIOS_CARRY;
}

static uint64_t
end_of(const struct memory_entry *e)
{
	return e->length > UINT64_MAX - e->base ? UINT64_MAX
	    : e->base + e->length;
}

/* Whether the byte at `at` is usable; *next: where that may change. */
static int
usable_at(uint64_t at, uint64_t *next)
{
	const struct memory_map_tag *map = memory_map();
	unsigned n = (map->size - 16) / sizeof(struct memory_entry);
	int ram = 0, other = 0;

	*next = UINT64_MAX;
	for (unsigned i = 0; i < n; i++) {
		const struct memory_entry *e = &map->entries[i];

		if (e->base > at && e->base < *next)
			*next = e->base;
		if (end_of(e) > at && end_of(e) < *next)
			*next = end_of(e);
		if (e->base <= at && at < end_of(e)) {
			ram |= e->type == 1;
			other |= e->type != 1;
		}
	}
	return ram && !other;
}

static int
usable(uint64_t base, uint64_t length)
{
	uint64_t next;

	if (length > FOUR_GIB || base > FOUR_GIB - length)
		return 0;
	for (uint64_t at = base; at < base + length; at = next)
		if (!usable_at(at, &next))
			return 0;
	return 1;
}

/* The map is what the BIOS said, word by word. */
static void
map_check(void)
{
	const struct memory_map_tag *map = memory_map();
	unsigned n = ngiven < MEMORY_MAP_MAX ? ngiven : MEMORY_MAP_MAX;

	host_assert(map->type == MEMORY_MAP_TAG);
	host_assert(map->entry_size == sizeof(struct memory_entry));
	host_assert(map->entry_version == 0);
	host_assert(map->size == 16 + n * sizeof(struct memory_entry));
	host_assert(memcmp(map->entries, given, n * sizeof(given[0])) == 0);
}

/* Ask about places around what begins and ends. */
static void
usable_check(const struct memory_entry *e, uint64_t length)
{
	const uint64_t places[] = {
		e->base, e->base - 1, end_of(e) - length, end_of(e),
	};

	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (length > 0)
			host_assert(memory_usable(places[i], length) ==
			    usable(places[i], length));
}

/* Usable, aligned, and nothing higher would do. */
static void
highest_check(uint32_t bytes)
{
	uint32_t place = memory_highest(bytes);

	host_assert(place % 4096 == 0);
	if (place)
		host_assert(place >= MEMORY_LOW_END && usable(place, bytes));
	for (unsigned i = 0; i < ngiven; i++) {
		uint64_t at = (given[i].base + 4095) & ~4095ull;

		if (at >= MEMORY_LOW_END && usable(at, bytes))
			host_assert(place >= at);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint32_t size = 1 + (len > 0 ? bytes[0] * 1000u : 0);

	if (!exercise_written("0.8"))
		todo_reached("0.8", "e820_collect");
	input = (struct fuzz_input){ bytes, len };
	ngiven = cookie = broken = 0;
	host_bios = bios;
	if (memory_init() != 0) {
		host_assert(broken);
		return 0;
	}
	host_assert(ngiven > 0);
	map_check();
	for (unsigned i = 0; i < ngiven && i < 8; i++)
		usable_check(&given[i], i < 4 ? size : given[i].length);
	highest_check(size);
	(void)memory_upper_kib();
	(void)memory_lower_kib();
	return 0;
}
