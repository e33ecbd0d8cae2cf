/* SPDX-License-Identifier: MIT */
/*
 * exception_table.c - instructions that may fault, and where to go on then.
 *
 * Shell's sort: no recursion, no pivot, and a table that is sorted already
 * costs one look at each entry for each gap. With these gaps at most n^1.5
 * steps.
 *
 * Owns      nothing.
 * Offers    exception_table_sort, exception_table_find, exception_table_fixup.
 * Stands on nothing; also builds on the host.
 * Source    Knuth, The Art of Computer Programming 3, 5.2.1 (the gaps 1, 4,
 *           13, 40, ...).
 */
#include <lab1/exception_table.h>

#include <lab1/descriptors.h>

/* Bring table[at] to its place among the entries `gap` apart before it. */
static void
sink(struct exception_entry *table, size_t at, size_t gap)
{
	struct exception_entry entry = table[at];

	for (; at >= gap && table[at - gap].fault > entry.fault; at -= gap)
		table[at] = table[at - gap];
	table[at] = entry;
}

void
exception_table_sort(struct exception_entry *table, size_t count)
{
	size_t gap = 1;

	while (gap < count / 3)
		gap = 3 * gap + 1;
	for (; gap; gap /= 3) {
		for (size_t at = gap; at < count; at++)
			sink(table, at, gap);
	}
}

/*
 * The number of entries up to rip, bit by bit from the highest: a bit is kept
 * if so many entries are there and the last of them is not beyond rip.
 */
const struct exception_entry *
exception_table_find(const struct exception_entry *table, size_t count,
    uint64_t rip)
{
	size_t upto = 0, bit = 1;

	while (bit <= count / 2)
		bit *= 2;
	for (; bit; bit /= 2) {
		size_t more = upto + bit;

		if (more <= count && table[more - 1].fault <= rip)
			upto = more;
	}
	return upto && table[upto - 1].fault == rip ? &table[upto - 1] : NULL;
}

bool
exception_table_fixup(struct interrupt_frame *frame,
    const struct exception_entry *table, size_t count)
{
	const struct exception_entry *entry = NULL;

	if (!(frame->cs & SELECTOR_RING3))
		entry = exception_table_find(table, count, frame->rip);
	if (entry)
		frame->rip = entry->fixup;
	return entry;
}
