/* SPDX-License-Identifier: MIT */
/*
 * rbtree.h - ordered sets of objects: red-black trees with the nodes inside.
 *
 * Insert and remove take O(log n) steps, first takes one. Equal objects are
 * kept in the order of their insertion, so a tree of timers is fair.
 *
 * Stands on nothing; also builds on the host.
 * Invariant (1) an in-order walk never steps from b to a with less(a, b);
 *           (2) a red node has no red child;
 *           (3) all paths from a node down to a leaf pass as many black ones;
 *           (4) the root is black; (5) first is the leftmost node.
 * Locks     the caller's.
 * Source    Cormen et al., "Introduction to Algorithms", ch. 13.
 */
#ifndef LAB0_RBTREE_H
#define LAB0_RBTREE_H

#include <lab0/types.h>

struct rb_node {
	uintptr_t	parent_black;	/* parent's address | 1 when black */
	struct rb_node	*child[2];	/* left (less), right */
};

struct rb_tree {
	struct rb_node	*root;
	struct rb_node	*first;
};

/* Strict order: less(a, a) is false. */
typedef bool rb_less(const struct rb_node *a, const struct rb_node *b);

/* Negative, 0 or positive: the key stands before, at or behind the node. */
typedef int rb_compare(const void *key, const struct rb_node *node);

static inline bool
rb_empty(const struct rb_tree *tree)
{
	return !tree->root;
}

/* The least node; NULL: the tree is empty. */
static inline struct rb_node *
rb_first(const struct rb_tree *tree)
{
	return tree->first;
}

/* The greatest node; NULL: the tree is empty. */
struct rb_node *rb_last(const struct rb_tree *tree);

/* Neighbour in the order; NULL: there is none. */
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

/* Insert a node that is in no tree, behind all nodes that equal it. */
void rb_insert(struct rb_tree *tree, struct rb_node *node, rb_less *less);

/*
 * The same for a caller that has searched for the place himself.
 *
 * parent    node that will be the parent; NULL: the tree is empty
 * side      0 left, 1 right; that child of `parent` is NULL
 */
void rb_link(struct rb_tree *tree, struct rb_node *parent, unsigned side,
    struct rb_node *node);

/* Take out a node that is in the tree; its fields are then meaningless. */
void rb_remove(struct rb_tree *tree, struct rb_node *node);

/* The first node that equals the key; NULL: none does. */
struct rb_node *rb_find(const struct rb_tree *tree, const void *key,
    rb_compare *compare);

/* The first node not before the key; NULL: all are. */
struct rb_node *rb_lower_bound(const struct rb_tree *tree, const void *key,
    rb_compare *compare);

/*
 * Check invariants (1) to (5) by walking the tree.
 *
 * returns   NULL: all hold; otherwise a sentence that names the broken one
 */
const char *rb_check(const struct rb_tree *tree, rb_less *less);

#endif
