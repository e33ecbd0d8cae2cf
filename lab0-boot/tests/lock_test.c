/* SPDX-License-Identifier: MIT */
/*
 * lock_test.c - spinlocks, sleeping locks, and the check of their order.
 *
 * Violations are caught by a function in place of the panic. The checks only
 * exist in debug builds; in release builds their tests hold at once.
 */
#include <lab0/cpu.h>
#include <lab0/ktest.h>
#include <lab0/percpu.h>
#include <lab0/sleeplock.h>
#include <lab0/spinlock.h>
#include <lab0/string.h>

static bool lower_first(const struct lock_id *, const struct lock_id *);

LOCK_CLASS(test_upper, 91);
LOCK_CLASS(test_lower, 90);
LOCK_CLASS(test_same, 90);
LOCK_CLASS(test_irq, 89);
LOCK_CLASS(test_under_irq, 88);
LOCK_CLASS(test_ordered, 87, .order = lower_first);

/* Declared the other way round than by address, to tell them apart. */
static bool
lower_first(const struct lock_id *first, const struct lock_id *second)
{
	return first > second;
}

static struct spinlock upper = SPINLOCK_INIT(test_upper);
static struct spinlock lower[2] = {
	SPINLOCK_INIT(test_lower), SPINLOCK_INIT(test_lower),
};
static struct spinlock same = SPINLOCK_INIT(test_same);
static struct sleeplock sleepy_upper = SLEEPLOCK_INIT(test_upper);
static struct sleeplock sleepy_lower = SLEEPLOCK_INIT(test_lower);

static unsigned violations;
static char sentence[320];

static void
note(const char *text)
{
	violations++;
	strscpy(sentence, text, sizeof(sentence));
}

/* How many violations a piece of code makes, run with interrupts off: some of it
 * says that it is an interrupt. */
static unsigned
violations_of(void (*code)(void))
{
	void (*old)(const char *) = lockrank_violation;
	uint64_t flags = irq_save();

	violations = 0;
	sentence[0] = '\0';
	lockrank_violation = note;
	code();
	lockrank_violation = old;
	irq_restore(flags);
	return violations;
}

static unsigned
in_debug(unsigned n)
{
	return DEBUG ? n : 0;
}

static void
down_the_stairs(void)
{
	spin_lock(&upper);
	spin_lock(&lower[0]);
	spin_unlock(&upper);	/* in any order */
	spin_unlock(&lower[0]);
}

static void
up_the_stairs(void)
{
	spin_lock(&lower[0]);
	spin_lock(&upper);
	spin_unlock(&upper);
	spin_unlock(&lower[0]);
}

static void
sideways(void)
{
	spin_lock(&lower[0]);
	spin_lock(&same);
	spin_unlock(&same);
	spin_unlock(&lower[0]);
}

/* A lock of lower rank may follow; one of the same or higher may not. */
KTEST(locks_go_down_the_stairs, .needs = "0.2")
{
	expect_eq(violations_of(down_the_stairs), 0);
	expect_eq(violations_of(up_the_stairs), in_debug(1));
	expect_eq(violations_of(sideways), in_debug(1));
}

/* A violation is told with both locks and their ranks. */
KTEST(a_lock_violation_names_both_locks, .needs = "0.2")
{
	violations_of(up_the_stairs);
	if (!DEBUG)
		return;
	expect(strstr(sentence, "test_upper (rank 91), taken at ") != NULL);
	expect(strstr(sentence, "test_lower (rank 90), taken at ") != NULL);
}

static void
two_of_one_class(void)
{
	spin_lock(&lower[0]);
	spin_lock(&lower[1]);
	spin_unlock(&lower[1]);
	spin_unlock(&lower[0]);
}

static void
pairs(void)
{
	lock_acquire_pair(&lower[1], &lower[0]);
	lock_assert_held(&lower[0]);
	lock_assert_held(&lower[1]);
	lock_release_pair(&lower[1], &lower[0]);
	lock_acquire_pair(&lower[0], &lower[0]);
	lock_release_pair(&lower[0], &lower[0]);
}

/* Two locks of one class are taken as a pair, or not at all. */
KTEST(two_locks_of_a_class_are_a_pair, .needs = "0.2")
{
	expect_eq(violations_of(two_of_one_class), in_debug(1));
	expect_eq(violations_of(pairs), 0);
	expect_eq(percpu_self()->preempt_count, 0);
}

static struct spinlock ordered[2] = {
	SPINLOCK_INIT(test_ordered), SPINLOCK_INIT(test_ordered),
};

static void
declared_order(void)
{
	spin_lock(&ordered[1]);
	spin_lock(&ordered[0]);
	spin_unlock(&ordered[0]);
	spin_unlock(&ordered[1]);
}

static void
against_declared_order(void)
{
	spin_lock(&ordered[0]);
	spin_lock(&ordered[1]);
	spin_unlock(&ordered[1]);
	spin_unlock(&ordered[0]);
}

/* A class may declare an order among its own locks. */
KTEST(a_class_may_declare_its_order, .needs = "0.2")
{
	expect_eq(violations_of(declared_order), 0);
	expect_eq(violations_of(against_declared_order), in_debug(1));
}

static void
spin_under_sleep(void)
{
	sleep_lock(&sleepy_lower);
	spin_lock(&upper);
	spin_unlock(&upper);
	sleep_unlock(&sleepy_lower);
}

static void
sleep_under_spin(void)
{
	spin_lock(&upper);
	sleep_lock(&sleepy_lower);
	sleep_unlock(&sleepy_lower);
	spin_unlock(&upper);
}

static void
sleep_up_the_stairs(void)
{
	sleep_lock(&sleepy_lower);
	sleep_lock(&sleepy_upper);
	sleep_unlock(&sleepy_upper);
	sleep_unlock(&sleepy_lower);
}

/* Spinlocks may be taken under sleeping locks, never the reverse. */
KTEST(sleeping_locks_stay_above_spinlocks, .needs = "0.2")
{
	expect_eq(violations_of(spin_under_sleep), 0);
	expect_eq(violations_of(sleep_under_spin), in_debug(1));
	expect_eq(violations_of(sleep_up_the_stairs), in_debug(1));
}

static void
sleep_in_an_interrupt(void)
{
	percpu_self()->irq_depth++;
	sleep_lock(&sleepy_lower);
	percpu_self()->irq_depth--;
	sleep_unlock(&sleepy_lower);
}

static void
interrupted_holder(void)
{
	spin_lock(&lower[0]);
	percpu_self()->irq_depth++;
	spin_lock(&upper);
	spin_unlock(&upper);
	percpu_self()->irq_depth--;
	spin_unlock(&lower[0]);
}

/* An interrupt has an order of its own, and may not sleep. */
KTEST(interrupts_have_their_own_order, .needs = "0.2")
{
	*lock_class_test_lower.marks = *lock_class_test_upper.marks = 0;
	expect_eq(violations_of(sleep_in_an_interrupt), in_debug(1));
	expect_eq(violations_of(interrupted_holder), 0);
	*lock_class_test_lower.marks = *lock_class_test_upper.marks = 0;
}

static struct spinlock irq = SPINLOCK_INIT(test_irq);
static struct spinlock under_irq = SPINLOCK_INIT(test_under_irq);

static void
irq_class_after_irqs_on(void)
{
	percpu_self()->irq_depth++;
	spin_lock(&irq);
	spin_lock(&under_irq);
	spin_unlock(&under_irq);
	spin_unlock(&irq);
	percpu_self()->irq_depth--;
}

/* A class of interrupts, and what is taken under it, wants them off. */
KTEST(interrupt_classes_want_interrupts_off, .needs = "0.2")
{
	unsigned *marks = lock_class_test_irq.marks;
	unsigned *marks_under = lock_class_test_under_irq.marks;

	*marks = *marks_under = 0;
	expect_eq(violations_of(irq_class_after_irqs_on), 0);
	/* as if they had been taken once with interrupts on */
	*marks = LOCK_IRQS_ON;
	*marks_under = 0;
	expect_eq(violations_of(irq_class_after_irqs_on), in_debug(1));
	*marks = 0;
	*marks_under = LOCK_IRQS_ON;
	expect_eq(violations_of(irq_class_after_irqs_on), in_debug(1));
}

static void
release_of_another(void)
{
	spin_lock(&lower[0]);
	spin_lock(&irq);
	lockrank_release(&lower[1].id, LOCK_SPIN, NULL);
	spin_unlock(&irq);
	spin_unlock(&lower[0]);
}

static void
not_held(void)
{
	lock_assert_held(&lower[0]);
}

/* Only a held lock is released, and asserting one that is not held fails. */
KTEST(only_held_locks_are_released, .needs = "0.2")
{
	*lock_class_test_irq.marks = 0;
	expect_eq(violations_of(not_held), in_debug(1));
	if (DEBUG)
		expect_eq(violations_of(release_of_another), 1);
}

/* trylock takes a free lock only, and preemption is off while one is held. */
KTEST(trylock_takes_only_free_locks)
{
	struct spinlock lock = SPINLOCK_INIT(test_lower);

	for (unsigned i = 0; i < 3; i++) {
		expect(spin_trylock(&lock));
		expect(!preempt_allowed());
		expect_eq(percpu_self()->preempt_count, 1);
		expect(!spin_trylock(&lock));
		expect_eq(percpu_self()->preempt_count, 1);
		spin_unlock(&lock);
		expect_eq(percpu_self()->preempt_count, 0);
	}
}

/* Tickets pass 2^16 and go on. */
KTEST(tickets_may_wrap)
{
	struct spinlock lock = SPINLOCK_INIT(test_lower);

	lock.next = lock.serving = UINT16_MAX;
	for (unsigned i = 0; i < 3; i++) {
		spin_lock(&lock);
		expect(!spin_trylock(&lock));
		spin_unlock(&lock);
	}
	lock.next = lock.serving = UINT16_MAX;
	expect(spin_trylock(&lock));
	spin_unlock(&lock);
	expect_eq(lock.next, lock.serving);
}

static struct sleeplock contended = SLEEPLOCK_INIT(test_lower);
static unsigned blocked, woken;

/* The holder lets go while we sleep. */
static void
block(uint32_t *word, uint32_t expected)
{
	blocked += *word == expected;
	*word = SLEEPLOCK_FREE;
}

static void
wake(uint32_t *word)
{
	woken += word == &contended.state;
}

/* A contended sleeping lock blocks, and wakes the next when it is let go. */
KTEST(sleeping_lock_blocks_and_wakes)
{
	static const struct wait_ops ours = { .block = block, .wake = wake };
	const struct wait_ops *old = wait_ops;

	wait_ops = &ours;
	blocked = woken = 0;
	contended.state = SLEEPLOCK_HELD;	/* by another task */
	sleep_lock(&contended);
	expect_eq(blocked, 1);
	expect(!sleep_trylock(&contended));
	sleep_unlock(&contended);
	expect_eq(woken, 1);
	expect(sleep_trylock(&contended));
	sleep_unlock(&contended);
	wait_ops = old;
	expect_eq(woken, 1);	/* nobody waited this time */
	expect_eq(contended.state, SLEEPLOCK_FREE);
}
