/* SPDX-License-Identifier: MIT */
/*
 * timer_queue.h - who is next: alarms by time (exercise 1.8).
 *
 * A plain data structure without hardware, locks or allocation; the caller
 * brings the storage. A sorted list meets this contract; `make bench` shows
 * what more it takes for 100,000 alarms.
 */
#ifndef LAB1_TIMER_QUEUE_H
#define LAB1_TIMER_QUEUE_H

#include <lab0/list.h>
#include <lab0/rbtree.h>
#include <lab0/types.h>

/*
 * One alarm. The caller sets at_ns, and clears queued once, before the node is
 * used for the first time; the rest may hold anything then. `link` is the
 * queue's, in whatever shape the solution likes best; `order` too, for whatever
 * it needs.
 */
struct timer_node {
	uint64_t	at_ns;		/* the caller's; fixed while queued */
	bool		queued;		/* set by insert, cleared by remove */
	uint64_t	order;
	union {
		struct rb_node	tree;
		struct list	list;
		struct timer_node *nodes[3];
	} link;
};

/*
 * All zeros is an empty queue. The fields are the solution's; it need not use
 * them all.
 */
struct timer_queue {
	union {
		struct rb_tree	tree;
		struct list	list;
		struct timer_node *node;
	} root;
	struct timer_node *aside;
	uint64_t	inserted;
};

/*
 * Put an alarm in.
 *
 * node      not in any queue (node->queued is false), at_ns any 64-bit value:
 *           times are unsigned, 2^63 is later than 1
 * returns   whether it is the first one now, as timer_queue_first says
 */
bool timer_queue_insert(struct timer_queue *queue, struct timer_node *node);

/*
 * Take an alarm out, wherever it stands. It may be put in again afterwards,
 * with another time, and is then behind its equals.
 *
 * node      in this queue, or in none (node->queued is false)
 * returns   whether it was queued; if not, nothing changes
 */
bool timer_queue_remove(struct timer_queue *queue, struct timer_node *node);

/*
 * The alarm with the smallest at_ns; of several, the one that was inserted
 * first. It stays in the queue.
 *
 * returns   NULL: the queue is empty
 */
struct timer_node *timer_queue_first(const struct timer_queue *queue);

#endif
