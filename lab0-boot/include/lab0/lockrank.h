/* SPDX-License-Identifier: MIT */
/*
 * lockrank.h - the order in which locks may be taken, and who checks it.
 *
 * The lock order is the building: upper floors call down, so a class of lab N
 * has rank N * 100 + k, and a lock may be taken only when its rank is lower
 * than that of all held ones of its kind. Leaf classes (ranks 1-9) rank below
 * everything: the log, run queues and wait queues. Debug builds check these
 * rules at each acquire, and a violation panics with a sentence:
 *
 * Rules     (1) within an order (spinlocks; sleeping locks) only a rank lower
 *               than all held; held spinlocks of an interrupted context do
 *               not count, for the interrupt does not wait for it;
 *           (2) two locks of one class: in the order that the class declares,
 *               or by lock_acquire_pair, which takes the lower address first;
 *           (3) a sleeping lock never under a spinlock or in an interrupt;
 *           (4) a class that is ever taken in an interrupt, or under such a
 *               class, is always taken with interrupts off;
 *           (5) a lock is released by who holds it.
 *
 * Owns      the classes' marks; each CPU's list of held spinlocks.
 * Context   of all: any; they never sleep.
 */
#ifndef LAB0_LOCKRANK_H
#define LAB0_LOCKRANK_H

#include <lab0/set.h>
#include <lab0/singleton.h>
#include <lab0/types.h>

struct lock_id;

/* Whether `second` may be taken while `first`, of the same class, is held. */
typedef bool lock_order(const struct lock_id *first,
    const struct lock_id *second);

/* Marks of a class, set by the check and never cleared. */
enum lock_marks {
	LOCK_IN_INTERRUPT = 1 << 0,	/* taken in an interrupt, rule (4) */
	LOCK_IRQS_ON = 1 << 1,		/* taken with interrupts on */
};

/* All locks of one purpose. Fields: I fixed, a atomic. */
struct lock_class {
	const char	*name;		/* [I] */
	unsigned	rank;		/* [I] */
	lock_order	*order;		/* [I] or NULL, rule (2) */
	unsigned	*marks;		/* [a] enum lock_marks */
};

SET_DECLARE(lock_class);

/*
 * LOCK_CLASS(name, k, ...) defines the class lock_class_NAME of this lab;
 * further arguments are initialisers (.order = f). LOCK_CLASS_LEAF is for the
 * leaf classes, k = 1..9 in any lab:
 *	1 log   2 run queue   3 wait queue   others free
 */
#define LOCK_CLASS(class_name, k, ...) \
	LOCK_CLASS_RANK(class_name, LAB * 100 + (k), __VA_ARGS__)
#define LOCK_CLASS_LEAF(class_name, k, ...) \
	static_assert((k) >= 1 && (k) <= 9, "leaf ranks are 1..9"); \
	LOCK_CLASS_RANK(class_name, k, __VA_ARGS__)
#define LOCK_CLASS_RANK(class_name, rank_number, ...) \
	static unsigned lock_marks_##class_name; \
	const struct lock_class lock_class_##class_name = { \
		.name = #class_name, .rank = rank_number, \
		.marks = &lock_marks_##class_name, __VA_ARGS__ \
	}; \
	SET_ADD(lock_class, lock_class_##class_name)

/* For a class that files besides its own use. */
#define LOCK_CLASS_DECLARE(class_name) \
	extern const struct lock_class lock_class_##class_name

/* What every lock, spinning or sleeping, begins with. */
struct lock_id {
	const struct lock_class *class;
};

enum { LOCKS_HELD_MAX = 16 };

/* Locks that one CPU (spinlocks) or one task (sleeping locks) holds. */
struct locks_held {
	unsigned count;
	struct lock_held {
		const struct lock_id	*lock;
		const void		*taken_at;	/* code address */
		unsigned		irq_depth;
	} held[LOCKS_HELD_MAX];
};

/*
 * What upper floors tell the check; a singleton. The default of task_locks is
 * one list for the whole boot.
 */
struct lockrank_ops {
	struct locks_held *(*task_locks)(void);
};

SINGLETON_DECLARE(struct lockrank_ops, lockrank_ops);

/*
 * Where a violation goes; the default panics. A test puts its own function
 * here, which returns, and the lock is then taken or released all the same.
 */
extern void (*lockrank_violation)(const char *sentence);

enum lock_kind {
	LOCK_SPIN,
	LOCK_SLEEP,
};

enum lock_how {
	LOCK_PLAIN,
	LOCK_PAIR,	/* second of lock_acquire_pair */
	LOCK_TRY,	/* does not wait, so it cannot deadlock: rule (1) off */
};

/* The lock functions call these, debug builds only. */
void lockrank_acquire(const struct lock_id *lock, enum lock_kind kind,
    enum lock_how how, const void *caller);
void lockrank_acquired(const struct lock_id *lock, enum lock_kind kind,
    const void *caller);
void lockrank_release(const struct lock_id *lock, enum lock_kind kind,
    const void *caller);

/* Whether this CPU or task holds the lock; true in release builds. */
bool lockrank_holds(const struct lock_id *lock);

/* lock_assert_held(&zone.lock): debug builds panic if it is not held here. */
#define lock_assert_held(lock_pointer) \
	lockrank_assert_held(&(lock_pointer)->id)
void lockrank_assert_held(const struct lock_id *lock);

/* Panics in debug builds when the caller may not sleep, rule (3). */
void lockrank_assert_may_sleep(void);

#endif
