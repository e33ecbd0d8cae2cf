/* SPDX-License-Identifier: MIT */
/*
 * list_test.c - lists against an array that says what should be on them.
 */
#include <lab0/ktest.h>
#include <lab0/list.h>

enum { NODES = 16, ROUNDS = 500 };

struct item {
	struct list	link;
	unsigned	id;
};

static struct item items[NODES];
static unsigned model[NODES], nmodel;	/* ids in list order */

static void
model_insert(unsigned at, unsigned id)
{
	for (unsigned i = nmodel++; i > at; i--)
		model[i] = model[i - 1];
	model[at] = id;
}

static void
model_remove(unsigned id)
{
	unsigned to = 0;

	for (unsigned i = 0; i < nmodel; i++) {
		if (model[i] != id)
			model[to++] = model[i];
	}
	nmodel = to;
}

static bool
equals_model(const struct list *head)
{
	unsigned i = 0;

	list_foreach(at, head) {
		if (i == nmodel || container_of(at, struct item, link)->id
		    != model[i++])
			return false;
		if (at->next->prev != at || at->prev->next != at) /* (1) */
			return false;
	}
	return i == nmodel && list_length(head) == nmodel
	    && list_empty(head) == !nmodel;
}

static void
start(struct list *head)
{
	list_init(head);
	nmodel = 0;
	for (unsigned i = 0; i < NODES; i++) {
		list_init(&items[i].link);
		items[i].id = i;
	}
}

static void
random_step(struct list *head)
{
	unsigned id = (unsigned)ktest_random_below(NODES);
	struct list *node = &items[id].link;

	if (list_linked(node)) {
		list_remove(node);
		model_remove(id);
	} else if (ktest_random_below(2)) {
		list_add_head(head, node);
		model_insert(0, id);
	} else {
		list_add_tail(head, node);
		model_insert(nmodel, id);
	}
}

/* A list holds what was put on it, in order, after any sequence of steps. */
KTEST(list_keeps_order_through_random_steps)
{
	struct list head;

	start(&head);
	for (unsigned round = 0; round < ROUNDS; round++) {
		random_step(&head);
		expect(equals_model(&head));
	}
	expect(list_first(&head) == (nmodel ? &items[model[0]].link : NULL));
	expect(list_last(&head)
	    == (nmodel ? &items[model[nmodel - 1]].link : NULL));
}

/* The visited node may be removed from a list that is walked safely. */
KTEST(list_walk_survives_removal)
{
	struct list head;
	unsigned visited = 0;

	start(&head);
	for (unsigned i = 0; i < NODES; i++)
		list_add_tail(&head, &items[i].link);
	list_foreach_safe(at, &head) {
		expect_eq(container_of(at, struct item, link)->id, visited);
		if (visited++ % 3 == 0)
			list_remove(at);
		else
			model_insert(nmodel, visited - 1);
	}
	expect_eq(visited, NODES);
	expect(equals_model(&head));
}

/* Splicing moves all nodes behind those that were there. */
KTEST(list_splice_keeps_both_orders)
{
	struct list head, from;

	start(&head);
	list_init(&from);
	for (unsigned i = 0; i < NODES; i++) {
		list_add_tail(i < 5 ? &head : &from, &items[i].link);
		model_insert(i, i);
	}
	list_splice_tail(&head, &from);
	expect(equals_model(&head));
	expect(list_empty(&from));
	list_splice_tail(&head, &from);
	expect(equals_model(&head));
	for (unsigned i = 0; i < NODES; i++)
		expect(list_pop(&head) == &items[i].link);
	expect(list_pop(&head) == NULL);
}
