/* SPDX-License-Identifier: MIT */
/*
 * rbtree.c - red-black trees.
 *
 * Offers    all of rbtree.h that is not inline there.
 * Stands on nothing; also builds on the host.
 * Source    Cormen et al., "Introduction to Algorithms", ch. 13. Cases of the
 *           two repairs have that book's numbers. Left and right are an index
 *           here, so the mirror cases are the same lines.
 */
#include <lab0/rbtree.h>

enum { LEFT, RIGHT };

#define BLACK ((uintptr_t)1)

static struct rb_node *
parent_of(const struct rb_node *node)
{
	return (struct rb_node *)(node->parent_black & ~BLACK);
}

/* A leaf, which is a NULL pointer, is black. */
static bool
is_black(const struct rb_node *node)
{
	return !node || node->parent_black & BLACK;
}

static void
set_black(struct rb_node *node)
{
	node->parent_black |= BLACK;
}

static void
set_red(struct rb_node *node)
{
	node->parent_black &= ~BLACK;
}

/* Keeps the colour. */
static void
set_parent(struct rb_node *node, struct rb_node *parent)
{
	node->parent_black = (uintptr_t)parent | (node->parent_black & BLACK);
}

static unsigned
side_of(const struct rb_node *node, const struct rb_node *parent)
{
	return parent->child[RIGHT] == node;
}

/* Let `with` (or nothing) stand where `node` stands under its parent. */
static void
replace(struct rb_tree *tree, struct rb_node *node, struct rb_node *with)
{
	struct rb_node *parent = parent_of(node);

	if (!parent)
		tree->root = with;
	else
		parent->child[side_of(node, parent)] = with;
	if (with)
		set_parent(with, parent);
}

/* Sink `node` to `side`; its other child comes up in its place. */
static void
rotate(struct rb_tree *tree, struct rb_node *node, unsigned side)
{
	struct rb_node *up = node->child[!side];
	struct rb_node *between = up->child[side];

	replace(tree, node, up);
	node->child[!side] = between;
	if (between)
		set_parent(between, node);
	up->child[side] = node;
	set_parent(node, up);
}

struct rb_node *
rb_last(const struct rb_tree *tree)
{
	struct rb_node *node = tree->root;

	while (node && node->child[RIGHT])
		node = node->child[RIGHT];
	return node;
}

/* Neighbour of a node to one side, in the order. */
static struct rb_node *
neighbour(const struct rb_node *node, unsigned side)
{
	struct rb_node *at = node->child[side];

	if (at) {
		while (at->child[!side])
			at = at->child[!side];
		return at;
	}
	while ((at = parent_of(node)) && side_of(node, at) == side)
		node = at;
	return at;
}

struct rb_node *
rb_next(const struct rb_node *node)
{
	return neighbour(node, RIGHT);
}

struct rb_node *
rb_prev(const struct rb_node *node)
{
	return neighbour(node, LEFT);
}

/* `node` is red; make (2) and (4) hold again. */
static void
insert_repair(struct rb_tree *tree, struct rb_node *node)
{
	struct rb_node *parent;

	while ((parent = parent_of(node)) && !is_black(parent)) {
		/* a red parent is not the root, (4) */
		struct rb_node *grand = parent_of(parent);
		unsigned side = side_of(parent, grand);
		struct rb_node *uncle = grand->child[!side];

		if (!is_black(uncle)) {			/* case 1 */
			set_black(parent);
			set_black(uncle);
			set_red(grand);
			node = grand;
			continue;
		}
		if (side_of(node, parent) != side) {	/* case 2 */
			rotate(tree, parent, side);
			parent = node;
		}
		set_black(parent);			/* case 3 */
		set_red(grand);
		rotate(tree, grand, !side);
		break;
	}
	set_black(tree->root);
}

void
rb_link(struct rb_tree *tree, struct rb_node *parent, unsigned side,
    struct rb_node *node)
{
	node->child[LEFT] = node->child[RIGHT] = NULL;
	node->parent_black = (uintptr_t)parent;
	if (parent)
		parent->child[side] = node;
	else
		tree->root = node;
	if (parent == tree->first && side == LEFT)
		tree->first = node;
	insert_repair(tree, node);
}

void
rb_insert(struct rb_tree *tree, struct rb_node *node, rb_less *less)
{
	struct rb_node *parent = NULL;
	unsigned side = LEFT;

	for (struct rb_node *at = tree->root; at; at = at->child[side]) {
		parent = at;
		side = less(node, at) ? LEFT : RIGHT;
	}
	rb_link(tree, parent, side, node);
}

/*
 * The paths through `parent`'s child on `side` lack one black node. Its
 * sibling cannot be a leaf, for its side has one more.
 */
static void
remove_repair(struct rb_tree *tree, struct rb_node *parent, unsigned side)
{
	struct rb_node *node = parent->child[side];

	while (parent && is_black(node)) {
		struct rb_node *sibling;

		side = node ? side_of(node, parent) : side;
		sibling = parent->child[!side];
		if (!is_black(sibling)) {			/* case 1 */
			set_black(sibling);
			set_red(parent);
			rotate(tree, parent, side);
			sibling = parent->child[!side];
		}
		if (is_black(sibling->child[LEFT])
		    && is_black(sibling->child[RIGHT])) {	/* case 2 */
			set_red(sibling);
			node = parent;
			parent = parent_of(node);
			continue;
		}
		if (is_black(sibling->child[!side])) {		/* case 3 */
			set_black(sibling->child[side]);
			set_red(sibling);
			rotate(tree, sibling, !side);
			sibling = parent->child[!side];
		}
		sibling->parent_black = (uintptr_t)parent_of(sibling)
		    | (parent->parent_black & BLACK);		/* case 4 */
		set_black(parent);
		set_black(sibling->child[!side]);
		rotate(tree, parent, side);
		return;
	}
	if (node)
		set_black(node);
}

/*
 * Let the successor of a node with two children take its place and colour.
 * Returns the parent of the place that it left, and which side that was.
 */
static struct rb_node *
move_successor(struct rb_tree *tree, struct rb_node *node, unsigned *side)
{
	struct rb_node *next = rb_next(node);
	struct rb_node *parent = parent_of(next);

	*side = side_of(next, parent);
	if (parent == node) {
		parent = next;
	} else {
		replace(tree, next, next->child[RIGHT]);
		next->child[RIGHT] = node->child[RIGHT];
		set_parent(next->child[RIGHT], next);
	}
	replace(tree, node, next);
	next->child[LEFT] = node->child[LEFT];
	set_parent(next->child[LEFT], next);
	next->parent_black = node->parent_black;
	return parent;
}

void
rb_remove(struct rb_tree *tree, struct rb_node *node)
{
	struct rb_node *parent;
	unsigned side;
	bool lost_black;

	if (tree->first == node)
		tree->first = rb_next(node);
	if (node->child[LEFT] && node->child[RIGHT]) {
		lost_black = is_black(rb_next(node));
		parent = move_successor(tree, node, &side);
	} else {
		lost_black = is_black(node);
		parent = parent_of(node);
		side = parent ? side_of(node, parent) : LEFT;
		replace(tree, node, node->child[!node->child[LEFT]]);
	}
	if (!lost_black)
		return;
	if (parent)
		remove_repair(tree, parent, side);
	else if (tree->root)
		set_black(tree->root);
}

struct rb_node *
rb_lower_bound(const struct rb_tree *tree, const void *key,
    rb_compare *compare)
{
	struct rb_node *found = NULL;

	for (struct rb_node *at = tree->root; at;) {
		bool left = compare(key, at) <= 0;

		if (left)
			found = at;
		at = at->child[left ? LEFT : RIGHT];
	}
	return found;
}

struct rb_node *
rb_find(const struct rb_tree *tree, const void *key, rb_compare *compare)
{
	struct rb_node *node = rb_lower_bound(tree, key, compare);

	return node && compare(key, node) == 0 ? node : NULL;
}

/* Black nodes from a node up to the root. */
static unsigned
black_depth(const struct rb_node *node)
{
	unsigned n = 0;

	for (; node; node = parent_of(node))
		n += is_black(node);
	return n;
}

/* (2) and (3) at one node; *blacks is 0 before the first leaf was seen. */
static const char *
check_node(const struct rb_node *node, unsigned *blacks)
{
	for (unsigned side = LEFT; side <= RIGHT; side++) {
		const struct rb_node *child = node->child[side];

		if (child && parent_of(child) != node)
			return "a child does not point at its parent";
		if (!is_black(node) && !is_black(child))
			return "(2) a red node has a red child";
		if (!child && *blacks == 0)
			*blacks = black_depth(node);
		if (!child && *blacks != black_depth(node))
			return "(3) paths differ in black nodes";
	}
	return NULL;
}

const char *
rb_check(const struct rb_tree *tree, rb_less *less)
{
	const struct rb_node *node = tree->root, *next;
	unsigned blacks = 0;

	if (!is_black(node))
		return "(4) the root is red";
	while (node && node->child[LEFT])
		node = node->child[LEFT];
	if (node != tree->first)
		return "(5) first is not the leftmost node";
	for (; node; node = next) {
		const char *broken = check_node(node, &blacks);

		if (broken)
			return broken;
		next = rb_next(node);
		if (next && less(next, node))
			return "(1) the order is broken";
	}
	return NULL;
}
