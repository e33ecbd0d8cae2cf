/* SPDX-License-Identifier: MIT */
/*
 * timer_queue.c - who is next: alarms by time.
 *
 * A singly linked list, the earliest first, equals in the order in which they
 * came. A place is a pointer to the pointer that leads there, so that the head
 * is a place like any other.
 *
 * Owns      nothing; a queue belongs to who calls.
 * Offers    timer_queue_insert, timer_queue_remove, timer_queue_first.
 * Stands on nothing; also builds on the host.
 * Locks     the caller's.
 */
#include <lab1/timer_queue.h>

enum { NEXT };			/* which of a node's pointers is used */

bool
timer_queue_insert(struct timer_queue *queue, struct timer_node *node)
{
	struct timer_node **place = &queue->root.node;

	while (*place && (*place)->at_ns <= node->at_ns)
		place = &(*place)->link.nodes[NEXT];
	node->link.nodes[NEXT] = *place;
	node->queued = true;
	*place = node;
	return place == &queue->root.node;
}

bool
timer_queue_remove(struct timer_queue *queue, struct timer_node *node)
{
	struct timer_node **place = &queue->root.node;

	if (!node->queued)
		return false;
	while (*place != node)
		place = &(*place)->link.nodes[NEXT];
	*place = node->link.nodes[NEXT];
	node->queued = false;
	return true;
}

struct timer_node *
timer_queue_first(const struct timer_queue *queue)
{
	return queue->root.node;
}
