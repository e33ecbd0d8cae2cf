/* SPDX-License-Identifier: MIT */
/*
 * spinlock.h - locks that wait by spinning, first come, first served.
 *
 *	LOCK_CLASS(zone, 2);
 *	static struct zone { struct spinlock lock; ... } zone = {
 *		.lock = SPINLOCK_INIT(zone),
 *	};
 *
 * Holding one keeps preemption off. If its class is also taken in interrupts,
 * use the _save form. The rules of order are in lockrank.h.
 *
 * Source    ticket locks: Reed and Kanodia, "Synchronization with eventcounts
 *           and sequencers", CACM 22(2), 1979.
 */
#ifndef LAB0_SPINLOCK_H
#define LAB0_SPINLOCK_H

#include <lab0/lockrank.h>
#include <lab0/singleton.h>
#include <lab0/types.h>

/* Fields: a atomic. */
struct spinlock {
	struct lock_id	id;		/* first */
	uint16_t	next;		/* [a] ticket to draw */
	uint16_t	serving;	/* [a] ticket whose holder is inside */
};

#define SPINLOCK_INIT(class_name) \
	{ .id = { .class = &lock_class_##class_name } }

/* RFLAGS before spin_lock_save. */
typedef uint64_t irqflags_t;

/* Make an unlocked lock of this class. */
void spin_init(struct spinlock *lock, const struct lock_class *class);

/*
 * context   any that keeps the rules of lockrank.h; never sleeps
 */
void spin_lock(struct spinlock *lock);
void spin_unlock(struct spinlock *lock);

/* Take it if it is free; returns whether it was. */
must_check bool spin_trylock(struct spinlock *lock);

/* The same, and interrupts are off until spin_unlock_restore. */
must_check irqflags_t spin_lock_save(struct spinlock *lock);
void spin_unlock_restore(struct spinlock *lock, irqflags_t flags);

/*
 * Take two locks of one class, the lower address first. a and b may be the
 * same lock, which is then taken once.
 */
void lock_acquire_pair(struct spinlock *a, struct spinlock *b);
void lock_release_pair(struct spinlock *a, struct spinlock *b);

/*
 * Preemption of this CPU off and on; they nest. The last preempt_enable calls
 * preempt_ops->resched if somebody has set preempt_wanted on this CPU meanwhile.
 */
void preempt_disable(void);
void preempt_enable(void);
bool preempt_allowed(void);

/* What the scheduler puts in; a singleton, the default does nothing. */
struct preempt_ops {
	void (*resched)(void);
};

SINGLETON_DECLARE(struct preempt_ops, preempt_ops);
extern bool preempt_wanted;	/* PERCPU */

#endif
