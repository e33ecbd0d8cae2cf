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
	/* Exercise 1.8 (1 of 3): see timer_queue_insert in <lab1/timer_queue.h> */
	(void)queue; (void)node; todo("1.8");
}

bool
timer_queue_remove(struct timer_queue *queue, struct timer_node *node)
{
	/* Exercise 1.8 (2 of 3): see timer_queue_remove in <lab1/timer_queue.h> */
	(void)queue; (void)node; todo("1.8");
}

struct timer_node *
timer_queue_first(const struct timer_queue *queue)
{
	/* Exercise 1.8 (3 of 3): see timer_queue_first in <lab1/timer_queue.h> */
	(void)queue; todo("1.8");
}
