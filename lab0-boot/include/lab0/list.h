/* SPDX-License-Identifier: MIT */
/*
 * list.h - circular doubly linked lists whose nodes live in the objects.
 *
 *	struct list runnable = LIST_INIT(runnable);
 *	list_add_tail(&runnable, &task->link);
 *	list_foreach(at, &runnable) {
 *		struct task *t = container_of(at, struct task, link);
 *	}
 *
 * A head and a node are the same struct. A node is either on one list or
 * points at itself, so list_remove may be called twice and list_linked asks.
 *
 * Stands on nothing; also builds on the host.
 * Invariant (1) n->next->prev == n and n->prev->next == n for every node.
 * Locks     the caller's.
 */
#ifndef LAB0_LIST_H
#define LAB0_LIST_H

#include <lab0/types.h>

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name) { .next = &(name), .prev = &(name) }

static inline void
list_init(struct list *node)
{
	node->next = node->prev = node;
}

static inline bool
list_empty(const struct list *head)
{
	return head->next == head;
}

/* Whether a node (initialised before) is on a list. */
static inline bool
list_linked(const struct list *node)
{
	return node->next != node;
}

/* Put an unlinked node behind `where`, which is a head or a linked node. */
static inline void
list_insert_after(struct list *where, struct list *node)
{
	node->next = where->next;
	node->prev = where;
	where->next->prev = node;
	where->next = node;
}

static inline void
list_insert_before(struct list *where, struct list *node)
{
	list_insert_after(where->prev, node);
}

static inline void
list_add_head(struct list *head, struct list *node)
{
	list_insert_after(head, node);
}

static inline void
list_add_tail(struct list *head, struct list *node)
{
	list_insert_before(head, node);
}

/* Take a node off its list; without effect on an unlinked one. */
static inline void
list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* First or last node; NULL: the list is empty. */
static inline struct list *
list_first(const struct list *head)
{
	return list_empty(head) ? NULL : head->next;
}

static inline struct list *
list_last(const struct list *head)
{
	return list_empty(head) ? NULL : head->prev;
}

/* Take off the first node; NULL: the list is empty. */
static inline struct list *
list_pop(struct list *head)
{
	struct list *node = list_first(head);

	if (node)
		list_remove(node);
	return node;
}

/* Move all nodes of `from`, in their order, to the end of `head`. */
static inline void
list_splice_tail(struct list *head, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = head->prev;
	head->prev->next = from->next;
	from->prev->next = head;
	head->prev = from->prev;
	list_init(from);
}

/* Number of nodes; walks the list. */
static inline size_t
list_length(const struct list *head)
{
	size_t n = 0;

	for (const struct list *at = head->next; at != head; at = at->next)
		n++;
	return n;
}

/* The list may not change in the body. */
#define list_foreach(at, head) \
	for (struct list *at = (head)->next; at != (head); at = at->next)

/* The body may remove (or free) the node it visits, and no other. */
#define list_foreach_safe(at, head) \
	for (struct list *at = (head)->next, *at##_next = at->next; \
	    at != (head); at = at##_next, at##_next = at->next)

#endif
