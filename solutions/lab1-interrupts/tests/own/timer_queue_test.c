/* SPDX-License-Identifier: MIT */
/*
 * timer_queue_test.c - what <lab1/timer_queue.h> promises, put to the test.
 *
 * It is linked with one timer queue after the other: a right one, which it lets
 * pass, and broken ones, each of which it is to catch. More KTESTs and
 * functions may follow: each claim is best a test of its own.
 */
#include <lab1/timer_queue.h>

#include <lab0/ktest.h>
#include <lab0/todo.h>

enum { NODES = 6 };

/* All zeros: an empty queue, and nodes that are in none. A second test takes
 * its own, or clears these first. */
static struct timer_queue queue;
static struct timer_node nodes[NODES];

/* The name is a claim that can be false, the body tries to show that it is. */
KTEST(queue_keeps_its_contract)
{
	/* EX 1.11 { see <lab1/timer_queue.h>, sentence by sentence */
	enum { ROUNDS = 3000 };		/* of few nodes: it is often empty */
	static const uint64_t times[] = {
		0, 1, UINT32_MAX, UINT32_MAX + 1ul, INT64_MAX,
		INT64_MAX + 1ul, UINT64_MAX,
	};
	/* The model: when each was inserted. 0: it is not in. */
	uint64_t inserted[NODES] = { 0 };

	for (uint64_t round = 1; round <= ROUNDS; round++) {
		unsigned which = (unsigned)ktest_random_below(NODES);
		struct timer_node *node = &nodes[which], *first = NULL;
		bool take = inserted[which] || ktest_random_below(4) == 0;
		bool was = inserted[which];

		inserted[which] = take ? 0 : round;
		if (!take)
			node->at_ns = times[ktest_random_below(
			    ARRAY_SIZE(times))];
		for (unsigned i = 0; i < NODES; i++) {
			if (!inserted[i] || (first && (nodes[i].at_ns
			    > first->at_ns || (nodes[i].at_ns == first->at_ns
			    && inserted[i] > inserted[first - nodes]))))
				continue;
			first = &nodes[i];
		}
		if (take)
			expect_eq(timer_queue_remove(&queue, node), was);
		else
			expect_eq(timer_queue_insert(&queue, node),
			    first == node);
		expect_eq(node->queued, !take);
		expect(timer_queue_first(&queue) == first);
	}
	/* EX 1.11 } todo("1.11"); */
}
