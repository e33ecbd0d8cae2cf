/* SPDX-License-Identifier: MIT */
/*
 * spinlock.c - ticket locks, and preemption off while one is held.
 *
 * Offers    all of spinlock.h.       Stands on  lockrank, percpu.
 * Invariant (1) next - serving is how many hold the lock or wait for it;
 *           (2) preempt_count of a CPU is at least the number of spinlocks
 *               that it holds.
 * Source    as in spinlock.h.
 */
#include <lab0/spinlock.h>

#include <lab0/cpu.h>
#include <lab0/percpu.h>

#define HERE __builtin_return_address(0)

PERCPU(bool, preempt_wanted);

static void
nothing(void)
{
}

static const struct preempt_ops boot_preempt_ops = { .resched = nothing };
SINGLETON_DEFINE(struct preempt_ops, preempt_ops, boot_preempt_ops);

void
preempt_disable(void)
{
	preempt_count_up();
}

bool
preempt_allowed(void)
{
	const struct percpu_head *self = percpu_self();

	return self->preempt_count == 0 && self->irq_depth == 0
	    && irq_enabled();
}

void
preempt_enable(void)
{
	if (preempt_count_down() && *percpu_ptr(preempt_wanted)
	    && preempt_allowed())
		preempt_ops->resched();
}

void
spin_init(struct spinlock *lock, const struct lock_class *class)
{
	*lock = (struct spinlock){ .id = { .class = class } };
}

static inline void
acquire(struct spinlock *lock, enum lock_how how, const void *caller)
{
	uint16_t ticket;

	if (DEBUG)
		lockrank_acquire(&lock->id, LOCK_SPIN, how, caller);
	ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket)
		cpu_pause();
	if (DEBUG)
		lockrank_acquired(&lock->id, LOCK_SPIN, caller);
}

static inline void
release(struct spinlock *lock, const void *caller)
{
	if (DEBUG)
		lockrank_release(&lock->id, LOCK_SPIN, caller);
	__atomic_store_n(&lock->serving, (uint16_t)(lock->serving + 1),
	    __ATOMIC_RELEASE);
}

void
spin_lock(struct spinlock *lock)
{
	preempt_count_up();
	acquire(lock, LOCK_PLAIN, HERE);
}

void
spin_unlock(struct spinlock *lock)
{
	release(lock, HERE);
	preempt_enable();
}

/* Draw the ticket only if it is the one being served. */
static bool
draw_if_served(struct spinlock *lock)
{
	uint16_t serving = __atomic_load_n(&lock->serving, __ATOMIC_RELAXED);
	uint16_t expected = serving;

	/*
	 * serving cannot move on unless somebody draws this very ticket, and
	 * then the exchange fails.
	 */
	return __atomic_compare_exchange_n(&lock->next, &expected,
	    (uint16_t)(serving + 1), false, __ATOMIC_ACQUIRE,
	    __ATOMIC_RELAXED);
}

bool
spin_trylock(struct spinlock *lock)
{
	preempt_count_up();
	if (DEBUG)
		lockrank_acquire(&lock->id, LOCK_SPIN, LOCK_TRY, HERE);
	if (!draw_if_served(lock)) {
		preempt_enable();
		return false;
	}
	if (DEBUG)
		lockrank_acquired(&lock->id, LOCK_SPIN, HERE);
	return true;
}

irqflags_t
spin_lock_save(struct spinlock *lock)
{
	irqflags_t flags = irq_save();

	preempt_count_up();
	acquire(lock, LOCK_PLAIN, HERE);
	return flags;
}

void
spin_unlock_restore(struct spinlock *lock, irqflags_t flags)
{
	release(lock, HERE);
	irq_restore(flags);
	preempt_enable();
}

void
lock_acquire_pair(struct spinlock *a, struct spinlock *b)
{
	struct spinlock *low = a < b ? a : b;
	struct spinlock *high = a < b ? b : a;

	preempt_count_up();
	acquire(low, LOCK_PLAIN, HERE);
	if (low == high)
		return;
	preempt_count_up();
	acquire(high, LOCK_PAIR, HERE);
}

void
lock_release_pair(struct spinlock *a, struct spinlock *b)
{
	release(a, HERE);
	preempt_enable();
	if (a == b)
		return;
	release(b, HERE);
	preempt_enable();
}
