/* SPDX-License-Identifier: MIT */
/*
 * rbtree_test.c - trees against a sorted array, invariants after each step.
 */
#include <lab0/ktest.h>
#include <lab0/rbtree.h>

enum { NODES = 64, ROUNDS = 800, KEYS = 24 };

struct item {
	struct rb_node	node;
	unsigned	key;
	bool		in;
};

static struct item items[NODES];
static struct item *model[NODES];	/* what is in, in order */
static unsigned nmodel;
static struct rb_tree tree;

static struct item *
item_of(const struct rb_node *node)
{
	return container_of(node, struct item, node);
}

static bool
less(const struct rb_node *a, const struct rb_node *b)
{
	return item_of(a)->key < item_of(b)->key;
}

static int
compare(const void *key, const struct rb_node *node)
{
	unsigned wanted = *(const unsigned *)key;

	return wanted < item_of(node)->key ? -1 : wanted > item_of(node)->key;
}

/* Behind all equal ones, as rb_insert promises. */
static void
model_insert(struct item *item)
{
	unsigned at = nmodel++;

	for (; at > 0 && model[at - 1]->key > item->key; at--)
		model[at] = model[at - 1];
	model[at] = item;
}

static void
model_remove(const struct item *item)
{
	unsigned to = 0;

	for (unsigned i = 0; i < nmodel; i++) {
		if (model[i] != item)
			model[to++] = model[i];
	}
	nmodel = to;
}

static void
start(void)
{
	tree = (struct rb_tree){ 0 };
	nmodel = 0;
	for (unsigned i = 0; i < NODES; i++)
		items[i].in = false;
}

static void
flip(struct item *item)
{
	item->in = !item->in;
	if (item->in) {
		item->key = (unsigned)ktest_random_below(KEYS);
		rb_insert(&tree, &item->node, less);
		model_insert(item);
	} else {
		rb_remove(&tree, &item->node);
		model_remove(item);
	}
}

static bool
equals_model(void)
{
	const struct rb_node *node = rb_first(&tree);

	for (unsigned i = 0; i < nmodel; i++, node = rb_next(node)) {
		if (node != &model[i]->node
		    || rb_prev(node) != (i ? &model[i - 1]->node : NULL))
			return false;
	}
	return !node && rb_empty(&tree) == !nmodel
	    && rb_last(&tree) == (nmodel ? &model[nmodel - 1]->node : NULL);
}

/* Any sequence of inserts and removals keeps order, balance and neighbours. */
KTEST(rbtree_keeps_its_invariants)
{
	start();
	for (unsigned round = 0; round < ROUNDS; round++) {
		flip(&items[ktest_random_below(NODES)]);
		expect_streq(rb_check(&tree, less), NULL);
		expect(equals_model());
	}
	for (unsigned i = 0; i < NODES; i++) {
		if (items[i].in)
			flip(&items[i]);
		expect_streq(rb_check(&tree, less), NULL);
	}
	expect(rb_empty(&tree) && !rb_first(&tree) && !rb_last(&tree));
}

/* A key finds the first node that equals it, or the first behind it. */
KTEST(rbtree_finds_the_first_of_equals)
{
	start();
	for (unsigned i = 0; i < NODES; i++)
		flip(&items[i]);
	for (unsigned key = 0; key <= KEYS; key++) {
		struct rb_node *found = rb_lower_bound(&tree, &key, compare);
		unsigned i = 0;

		while (i < nmodel && model[i]->key < key)
			i++;
		expect(found == (i < nmodel ? &model[i]->node : NULL));
		if (i == nmodel || model[i]->key != key)
			found = NULL;
		expect(rb_find(&tree, &key, compare) == found);
	}
}

static unsigned
height(const struct rb_node *node)
{
	if (!node)
		return 0;
	return 1 + MAX(height(node->child[0]), height(node->child[1]));
}

/* Ascending keys, the worst case of plain trees, stay balanced. */
KTEST(rbtree_stays_balanced)
{
	start();
	for (unsigned i = 0; i < NODES; i++) {
		items[i].key = i;
		rb_insert(&tree, &items[i].node, less);
	}
	expect_streq(rb_check(&tree, less), NULL);
	expect(height(tree.root) <= 12);	/* 2 log2(64) */
}
