/* SPDX-License-Identifier: MIT */
/*
 * timer_queue.c - who is next: alarms by time.
 *
 * Owns      nothing; a queue belongs to who calls.
 * Offers    timer_queue_insert, timer_queue_remove, timer_queue_first.
 * Stands on rbtree.h or list.h, as the solution likes; also builds on the host.
 * Locks     the caller's.
 */
#include <lab1/timer_queue.h>

#include <lab0/todo.h>

bool
timer_queue_insert(struct timer_queue *queue, struct timer_node *node)
{
	/* EX 1.8 { see timer_queue_insert in <lab1/timer_queue.h> */
	struct rb_tree *tree = &queue->root.tree;
	struct rb_node *parent = NULL;
	unsigned side = 0;

	/* The descent is written out: a call of less() at each of 17 levels
	 * would be half of what arming a timer costs. */
	for (struct rb_node *at = tree->root; at; at = at->child[side]) {
		parent = at;
		/* an equal one was here first: go behind it */
		side = container_of(at, struct timer_node, link.tree)->at_ns
		    <= node->at_ns;
	}
	rb_link(tree, parent, side, &node->link.tree);
	node->queued = true;
	return rb_first(tree) == &node->link.tree;
	/* EX 1.8 } (void)queue; (void)node; todo("1.8"); */
}

bool
timer_queue_remove(struct timer_queue *queue, struct timer_node *node)
{
	/* EX 1.8 { see timer_queue_remove in <lab1/timer_queue.h> */
	if (!node->queued)
		return false;
	rb_remove(&queue->root.tree, &node->link.tree);
	node->queued = false;
	return true;
	/* EX 1.8 } (void)queue; (void)node; todo("1.8"); */
}

struct timer_node *
timer_queue_first(const struct timer_queue *queue)
{
	/* EX 1.8 { see timer_queue_first in <lab1/timer_queue.h> */
	struct rb_node *first = rb_first(&queue->root.tree);

	return first ? container_of(first, struct timer_node, link.tree) : NULL;
	/* EX 1.8 } (void)queue; todo("1.8"); */
}
