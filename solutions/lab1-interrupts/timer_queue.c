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
	struct timer_node *newest = queue->aside;
	const struct timer_node *first = timer_queue_first(queue);
	struct rb_node *parent = NULL;
	unsigned side = 0;

	/*
	 * Most alarms are timeouts, taken out again soon. So the newest stays
	 * outside the tree until the next one comes, and goes in then: behind
	 * its equals, which are all older. The descent is written out, since a
	 * call of less() at each level would be half of its cost.
	 */
	if (newest) {
		for (struct rb_node *at = tree->root; at;
		    at = at->child[side]) {
			parent = at;
			side = container_of(at, struct timer_node,
			    link.tree)->at_ns <= newest->at_ns;
		}
		rb_link(tree, parent, side, &newest->link.tree);
	}
	queue->aside = node;
	node->queued = true;
	return !first || node->at_ns < first->at_ns;
	/* EX 1.8 } (void)queue; (void)node; todo("1.8"); */
}

bool
timer_queue_remove(struct timer_queue *queue, struct timer_node *node)
{
	/* EX 1.8 { see timer_queue_remove in <lab1/timer_queue.h> */
	if (!node->queued)
		return false;
	if (queue->aside == node)
		queue->aside = NULL;
	else
		rb_remove(&queue->root.tree, &node->link.tree);
	node->queued = false;
	return true;
	/* EX 1.8 } (void)queue; (void)node; todo("1.8"); */
}

struct timer_node *
timer_queue_first(const struct timer_queue *queue)
{
	/* EX 1.8 { see timer_queue_first in <lab1/timer_queue.h> */
	struct rb_node *at = rb_first(&queue->root.tree);
	struct timer_node *newest = queue->aside, *first;

	if (!at)
		return newest;
	first = container_of(at, struct timer_node, link.tree);
	return newest && newest->at_ns < first->at_ns ? newest : first;
	/* EX 1.8 } (void)queue; todo("1.8"); */
}
