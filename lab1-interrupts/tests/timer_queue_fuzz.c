/* SPDX-License-Identifier: MIT */
/*
 * timer_queue_fuzz.c - any insertions and removals, against a plain model.
 */
#include <lab1/timer_queue.h>

#include "host.h"

enum { NODES = 32 };

struct fuzzed {
	struct timer_queue queue;
	struct timer_node nodes[NODES];
	uint64_t	inserted_at[NODES];	/* its number among insertions */
	uint64_t	insertions;
};

/* The first by time and then by insertion; NULL: none is queued. */
static struct timer_node *
model_first(struct fuzzed *f)
{
	struct timer_node *best = NULL;

	for (unsigned i = 0; i < NODES; i++) {
		struct timer_node *node = &f->nodes[i];

		if (!node->queued)
			continue;
		if (!best || node->at_ns < best->at_ns
		    || (node->at_ns == best->at_ns && f->inserted_at[i]
		    < f->inserted_at[best - f->nodes]))
			best = node;
	}
	return best;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	static const uint64_t times[] = {
		0, 1, 7, 0xffffffff, 0x100000000, INT64_MAX,
		INT64_MAX + 1ul, UINT64_MAX,
	};
	struct fuzzed f = { 0 };

	for (size_t i = 0; i + 1 < len_bytes; i += 2) {
		unsigned which = bytes[i] % NODES;
		struct timer_node *node = &f.nodes[which];
		bool was = node->queued;

		if (bytes[i] & 0x80) {
			host_assert(timer_queue_remove(&f.queue, node) == was);
			host_assert(!node->queued);
		} else if (!was) {
			node->at_ns = times[bytes[i + 1] % 8];
			f.inserted_at[which] = f.insertions++;
			host_assert(timer_queue_insert(&f.queue, node)
			    == (model_first(&f) == node));
			host_assert(node->queued);
		}
		host_assert(timer_queue_first(&f.queue) == model_first(&f));
	}
	return 0;
}
