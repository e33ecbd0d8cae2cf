/* SPDX-License-Identifier: MIT */
/*
 * sleeplock.c - locks that wait by sleeping.
 *
 * Offers    all of sleeplock.h.      Stands on  lockrank, panic.
 * Source    as in sleeplock.h.
 */
#include <lab0/sleeplock.h>

#include <lab0/panic.h>

#define HERE __builtin_return_address(0)

static void
nobody_can_block(uint32_t *word, uint32_t expected)
{
	if (__atomic_load_n(word, __ATOMIC_RELAXED) == expected)
		panic("a sleeping lock is held, and there are no tasks yet "
		    "that could wait for it");
}

static void
nobody_to_wake(uint32_t *word)
{
	(void)word;
}

static const struct wait_ops boot_wait_ops = {
	.block = nobody_can_block,
	.wake = nobody_to_wake,
};

SINGLETON_DEFINE(struct wait_ops, wait_ops, boot_wait_ops);

void
sleep_init(struct sleeplock *lock, const struct lock_class *class)
{
	*lock = (struct sleeplock){ .id = { .class = class } };
}

static bool
take_if_free(struct sleeplock *lock)
{
	uint32_t free = SLEEPLOCK_FREE;

	return __atomic_compare_exchange_n(&lock->state, &free,
	    SLEEPLOCK_HELD, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/*
 * Who has slept takes the lock as "waited for", since he cannot know whether
 * others still sleep; the price is one wake too many.
 */
static void
wait_for(struct sleeplock *lock)
{
	while (__atomic_exchange_n(&lock->state, SLEEPLOCK_WAITED_FOR,
	    __ATOMIC_ACQUIRE) != SLEEPLOCK_FREE)
		wait_ops->block(&lock->state, SLEEPLOCK_WAITED_FOR);
}

void
sleep_lock(struct sleeplock *lock)
{
	if (DEBUG)
		lockrank_acquire(&lock->id, LOCK_SLEEP, LOCK_PLAIN, HERE);
	if (!take_if_free(lock))
		wait_for(lock);
	if (DEBUG)
		lockrank_acquired(&lock->id, LOCK_SLEEP, HERE);
}

bool
sleep_trylock(struct sleeplock *lock)
{
	if (!take_if_free(lock))
		return false;
	if (DEBUG)
		lockrank_acquired(&lock->id, LOCK_SLEEP, HERE);
	return true;
}

void
sleep_unlock(struct sleeplock *lock)
{
	if (DEBUG)
		lockrank_release(&lock->id, LOCK_SLEEP, HERE);
	if (__atomic_exchange_n(&lock->state, SLEEPLOCK_FREE,
	    __ATOMIC_RELEASE) == SLEEPLOCK_WAITED_FOR)
		wait_ops->wake(&lock->state);
}
