/* SPDX-License-Identifier: MIT */
/*
 * lockrank.c - checks the rules of lock order in debug builds.
 *
 * Owns      the marks of lock classes, each CPU's list of held spinlocks, the
 *           boot's list of held sleeping locks.
 * Offers    all of lockrank.h, the monitor's command `locks`.
 * Stands on percpu, printk, panic.
 * Invariant (1) a list's first `count` entries are held, in the order taken;
 *               an interrupt leaves the list as it found it.
 *           The rules (1) to (5) are numbered in lockrank.h.
 */
#include <lab0/lockrank.h>

#include <lab0/cpu.h>
#include <lab0/monitor.h>
#include <lab0/panic.h>
#include <lab0/percpu.h>
#include <lab0/printk.h>

enum { SENTENCE_MAX = 320 };

static PERCPU(struct locks_held, spinlocks_held);

static struct locks_held *
boot_task_locks(void)
{
	static struct locks_held held;

	return &held;
}

static const struct lockrank_ops boot_lockrank_ops = {
	.task_locks = boot_task_locks,
};

SINGLETON_DEFINE(struct lockrank_ops, lockrank_ops, boot_lockrank_ops);

static void
violation_panics(const char *sentence)
{
	panic("%s", sentence);
}

void (*lockrank_violation)(const char *sentence) = violation_panics;

static struct locks_held *
list_of(enum lock_kind kind)
{
	return kind == LOCK_SPIN ? percpu_ptr(spinlocks_held)
	    : lockrank_ops->task_locks();
}

/* "lock order: log (rank 1), taken at f+0x10, WHAT: inode (rank 502), ..." */
static void
violation_between(const struct lock_id *lock, const void *caller,
    const char *what, const struct lock_held *other)
{
	const struct lock_class *class = lock->class;
	const struct lock_class *held = other->lock->class;
	char sentence[SENTENCE_MAX];

	snprintk(sentence, sizeof(sentence),
	    "lock order: %s (rank %u), taken at %pS, %s: "
	    "%s (rank %u), taken at %pS",
	    class->name, class->rank, caller, what,
	    held->name, held->rank, other->taken_at);
	lockrank_violation(sentence);
}

static void
violation_of(const struct lock_id *lock, const void *caller, const char *what)
{
	char sentence[SENTENCE_MAX];

	snprintk(sentence, sizeof(sentence), "lock %s (rank %u) at %pS: %s",
	    lock->class->name, lock->class->rank, caller, what);
	lockrank_violation(sentence);
}

/* Rule (3). */
static void
check_may_sleep(const struct lock_id *lock, const void *caller)
{
	const struct locks_held *spinning = list_of(LOCK_SPIN);

	if (spinning->count)
		violation_between(lock, caller,
		    "may sleep, but a spinlock is held",
		    &spinning->held[spinning->count - 1]);
	else if (percpu_self()->irq_depth)
		violation_of(lock, caller, "may sleep, but in an interrupt");
}

/* Whether a class becomes one of interrupts by being taken now, rule (4). */
static bool
used_in_interrupt(const struct locks_held *held)
{
	if (percpu_self()->irq_depth)
		return true;
	for (unsigned i = 0; i < held->count; i++) {
		if (*held->held[i].lock->class->marks & LOCK_IN_INTERRUPT)
			return true;
	}
	return false;
}

/* Rule (4). A try does not wait, so in an interrupt it does no harm. */
static void
check_interrupts(const struct lock_id *lock, enum lock_how how,
    const struct locks_held *held, const void *caller)
{
	unsigned both = LOCK_IN_INTERRUPT | LOCK_IRQS_ON;
	unsigned marks = irq_enabled() ? LOCK_IRQS_ON : 0;

	if (how != LOCK_TRY && used_in_interrupt(held))
		marks |= LOCK_IN_INTERRUPT;
	marks |= __atomic_fetch_or(lock->class->marks, marks,
	    __ATOMIC_RELAXED);
	if ((marks & both) == both)
		violation_of(lock, caller, "this class is taken in interrupts,"
		    " and also with interrupts on: an interrupt could wait "
		    "for what it has interrupted");
}

/* Rule (2): whether `lock` may follow one of its own class. */
static bool
same_class_allowed(const struct lock_id *held, const struct lock_id *lock,
    enum lock_how how)
{
	if (held->class != lock->class)
		return false;
	if (how == LOCK_PAIR)
		return held < lock;
	return lock->class->order && lock->class->order(held, lock);
}

/* Rules (1) and (2), against one held lock. */
static void
check_order(const struct lock_id *lock, enum lock_how how,
    const struct lock_held *held, const void *caller)
{
	unsigned rank = lock->class->rank;
	unsigned held_rank = held->lock->class->rank;

	if (held->lock == lock)
		violation_between(lock, caller, "is held here already", held);
	else if (rank > held_rank)
		violation_between(lock, caller,
		    "may not follow one of a lower rank", held);
	else if (rank == held_rank
	    && !same_class_allowed(held->lock, lock, how))
		violation_between(lock, caller,
		    "may not follow one of the same rank", held);
}

void
lockrank_acquire(const struct lock_id *lock, enum lock_kind kind,
    enum lock_how how, const void *caller)
{
	const struct locks_held *held = list_of(kind);
	unsigned depth = percpu_self()->irq_depth;

	if (kind == LOCK_SLEEP && how != LOCK_TRY)
		check_may_sleep(lock, caller);
	if (kind == LOCK_SPIN)
		check_interrupts(lock, how, held, caller);
	if (how == LOCK_TRY)
		return;
	for (unsigned i = 0; i < held->count; i++) {
		if (kind == LOCK_SLEEP || held->held[i].irq_depth == depth)
			check_order(lock, how, &held->held[i], caller);
	}
}

/* Interrupts off: one that came in between would write to the same entry. */
void
lockrank_acquired(const struct lock_id *lock, enum lock_kind kind,
    const void *caller)
{
	uint64_t flags = irq_save();
	struct locks_held *held = list_of(kind);

	if (held->count < LOCKS_HELD_MAX) {
		held->held[held->count++] = (struct lock_held){
			.lock = lock, .taken_at = caller,
			.irq_depth = percpu_self()->irq_depth,
		};
		irq_restore(flags);
		return;
	}
	irq_restore(flags);
	violation_of(lock, caller, "too many locks are held at once");
}

/* The last entry of a lock; NULL: it is not on the list. */
static struct lock_held *
find(struct locks_held *held, const struct lock_id *lock)
{
	for (unsigned i = held->count; i-- > 0;) {
		if (held->held[i].lock == lock)
			return &held->held[i];
	}
	return NULL;
}

/* Rule (5). */
void
lockrank_release(const struct lock_id *lock, enum lock_kind kind,
    const void *caller)
{
	uint64_t flags = irq_save();
	struct locks_held *held = list_of(kind);
	struct lock_held *entry = find(held, lock);

	if (entry) {
		held->count--;
		for (; entry < &held->held[held->count]; entry++)
			*entry = entry[1];
	}
	irq_restore(flags);
	if (!entry)
		violation_of(lock, caller, "released, but not held here");
}

bool
lockrank_holds(const struct lock_id *lock)
{
	return !DEBUG || find(list_of(LOCK_SPIN), lock)
	    || find(list_of(LOCK_SLEEP), lock);
}

void
lockrank_assert_held(const struct lock_id *lock)
{
	if (!lockrank_holds(lock))
		violation_of(lock, __builtin_return_address(0),
		    "should be held here, but is not");
}

void
lockrank_assert_may_sleep(void)
{
	static const struct lock_class sleeper = { .name = "(sleep)" };
	static const struct lock_id id = { .class = &sleeper };

	if (DEBUG)
		check_may_sleep(&id, __builtin_return_address(0));
}

static int
locks_command(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	console_printf("rank  class (a lock may follow only higher ones)\n");
	SET_FOREACH(const struct lock_class, class, lock_class)
		console_printf("%4u  %s%s\n", class->rank, class->name,
		    *class->marks & LOCK_IN_INTERRUPT
		    ? ", in interrupts" : "");
	return 0;
}

MONITOR_COMMAND(locks, "", "show the classes of locks and their order",
    locks_command);
