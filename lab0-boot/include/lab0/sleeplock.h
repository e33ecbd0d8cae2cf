/* SPDX-License-Identifier: MIT */
/*
 * sleeplock.h - locks that wait by sleeping.
 *
 * Lab 0 owns the lock, an upper floor the waiting: two operations on a word
 * in memory. Until they are registered nobody can contend, for there is one
 * task, and the default asserts it.
 *
 * Source    Drepper, "Futexes Are Tricky" (mutex, take 2).
 */
#ifndef LAB0_SLEEPLOCK_H
#define LAB0_SLEEPLOCK_H

#include <lab0/lockrank.h>
#include <lab0/singleton.h>
#include <lab0/types.h>

enum sleeplock_state {
	SLEEPLOCK_FREE,
	SLEEPLOCK_HELD,
	SLEEPLOCK_WAITED_FOR,	/* held, and somebody may be asleep */
};

/* Fields: a atomic. */
struct sleeplock {
	struct lock_id	id;		/* first */
	uint32_t	state;		/* [a] enum sleeplock_state */
};

#define SLEEPLOCK_INIT(class_name) \
	{ .id = { .class = &lock_class_##class_name } }

/*
 * The waiting; singleton, replaced at most once by an upper floor.
 *
 * block     sleep until a wake of this word, but not if it no longer holds
 *           `expected`; may return without a reason
 * wake      wake one sleeper of this word, if there is one
 */
struct wait_ops {
	void (*block)(uint32_t *word, uint32_t expected);
	void (*wake)(uint32_t *word);
};

SINGLETON_DECLARE(struct wait_ops, wait_ops);

void sleep_init(struct sleeplock *lock, const struct lock_class *class);

/*
 * context   a task that holds no spinlock; sleeps
 */
void sleep_lock(struct sleeplock *lock);

/* context   the task that took it; never sleeps */
void sleep_unlock(struct sleeplock *lock);

/* Take it if it is free; returns whether it was. Never sleeps. */
must_check bool sleep_trylock(struct sleeplock *lock);

#endif
