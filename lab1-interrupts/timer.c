/* SPDX-License-Identifier: MIT */
/*
 * timer.c - call me at that time.
 *
 * Owns      each CPU's queue, and what its event device is set to.
 * Offers    all of timer.h.
 * Stands on timer_queue (exercise 1.8), clock, event.
 * Locks     timers.lock with interrupts off, never while a callback runs.
 *
 * A timer belongs to one CPU, its home: the one that started it last. Only
 * that CPU's device wakes for it, and there its callback runs. While that runs,
 * another CPU that starts the timer leaves it there: the callback never runs
 * on two CPUs at once.
 *
 * Invariant (1) timer->home changes only under the locks of the old home and
 *               the new one;
 *           (2) outside a batch, armed_ns is at_ns of the first timer, or
 *               NOTHING, or earlier than that: then the device wakes its CPU
 *               for nothing, once.
 */
#include <lab1/timer.h>

#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/init.h>
#include <lab0/monitor.h>
#include <lab0/panic.h>
#include <lab0/percpu.h>
#include <lab0/printk.h>
#include <lab0/spinlock.h>
#include <lab0/todo.h>
#include <lab1/clock.h>
#include <lab1/event.h>

LOCK_CLASS(timers, 40);

#define NOTHING UINT64_MAX	/* 584 years: never armed for */

/* Seldom: kept out of the way of what is often. */
#define never_inline __attribute__((__noinline__))

/* One CPU's. Fields: l lock, a written under lock, read by anybody. */
struct timers {
	struct spinlock	lock;
	struct timer_queue queue;	/* [l] */
	size_t		pending;	/* [a] in the queue */
	uint64_t	armed_ns;	/* [l] (2) */
	uint64_t	due_ns;		/* [l] a batch runs what was due then;
					0: no batch runs */
	struct timer	*running;	/* [a] whose callback runs; or NULL */
	uint64_t	fired;		/* [a] callbacks that ran */
	uint64_t	wakes;		/* [a] interrupts of the device */
};

static PERCPU(struct timers, timers) = {
	.lock = SPINLOCK_INIT(timers),
	.armed_ns = NOTHING,
};

void
timer_init(struct timer *timer, timer_fn *fn)
{
	*timer = (struct timer){ .fn = fn, .home = percpu_ptr(timers) };
}

static struct timer *
first_of(const struct timers *cpu)
{
	struct timer_node *node = timer_queue_first(&cpu->queue);

	return node ? container_of(node, struct timer, node) : NULL;
}

/* -- Queue and device ------------------------------------------------------ */

/* The first timer has changed: set the device, which is this CPU's own. */
static never_inline void
rearm(struct timers *cpu)
{
	const struct event_device *device = event_device();
	const struct timer *first = first_of(cpu);
	uint64_t at_ns = first ? first->node.at_ns : NOTHING;
	uint64_t now_ns;

	if (cpu->due_ns || !device || cpu != percpu_ptr(timers)
	    || at_ns == cpu->armed_ns)
		return;
	cpu->armed_ns = at_ns;
	if (at_ns == NOTHING) {
		device->disarm();
		return;
	}
	now_ns = clock_now_ns();
	device->arm(at_ns > now_ns ? at_ns - now_ns : 0);
}

/*
 * Into the past from a callback: it would run in the same batch, which then
 * might never end. Outside a batch due_ns is 0.
 */
static inline void
insert(struct timers *cpu, struct timer *timer, uint64_t at_ns)
{
	timer->node.at_ns = at_ns > cpu->due_ns ? at_ns : cpu->due_ns + 1;
	cpu->pending++;
	if (timer_queue_insert(&cpu->queue, &timer->node))
		rearm(cpu);
}

/* Returns whether it was pending. */
static inline bool
take_out(struct timers *cpu, struct timer *timer)
{
	if (!timer->node.queued)
		return false;
	timer_queue_remove(&cpu->queue, &timer->node);
	cpu->pending--;
	if (timer->node.at_ns == cpu->armed_ns)
		rearm(cpu);
	return true;
}

/* -- Starting and cancelling ----------------------------------------------- */

/* The timer has moved from the home that is locked: lock the new one. */
static never_inline struct timers *
follow(struct timer *timer, struct timers *home)
{
	while (home != timer->home) {
		spin_unlock(&home->lock);
		home = __atomic_load_n(&timer->home, __ATOMIC_RELAXED);
		spin_lock(&home->lock);
	}
	return home;
}

/* Lock the home of a timer. Interrupts off. */
static inline struct timers *
lock_home(struct timer *timer)
{
	struct timers *home = __atomic_load_n(&timer->home, __ATOMIC_RELAXED);

	spin_lock(&home->lock);
	return timer->home == home ? home : follow(timer, home);
}

/* A home elsewhere is locked; make it this CPU, locked, if that is possible. */
static never_inline struct timers *
bring_here(struct timer *timer, struct timers *home)
{
	struct timers *here = percpu_ptr(timers);

	while (home != here && home->running != timer) {
		spin_unlock(&home->lock);
		lock_acquire_pair(&home->lock, &here->lock);
		if (timer->home == home && home->running != timer) {
			take_out(home, timer);
			timer->home = here;	/* (1) */
		}
		lock_release_pair(&home->lock, &here->lock);
		home = lock_home(timer);
	}
	return home;
}

void
timer_start_periodic(struct timer *timer, uint64_t first_ns,
    uint64_t period_ns)
{
	irqflags_t flags = irq_save();
	struct timers *home = lock_home(timer);

	if (home != percpu_ptr(timers))
		home = bring_here(timer, home);
	take_out(home, timer);
	timer->period_ns = period_ns;
	insert(home, timer, first_ns);
	spin_unlock(&home->lock);
	irq_restore(flags);
}

void
timer_start(struct timer *timer, uint64_t at_ns)
{
	timer_start_periodic(timer, at_ns, 0);
}

bool
timer_cancel(struct timer *timer)
{
	irqflags_t flags = irq_save();
	struct timers *home = lock_home(timer);
	bool pending = take_out(home, timer);

	spin_unlock(&home->lock);
	irq_restore(flags);
	return pending;
}

/* Whether its callback runs, on any CPU; debug builds: not below us. */
static bool
runs(const struct timer *timer)
{
	struct timers *home = __atomic_load_n(&timer->home, __ATOMIC_RELAXED);

	if (__atomic_load_n(&home->running, __ATOMIC_ACQUIRE) != timer)
		return false;
	if (DEBUG && home == percpu_ptr(timers))
		panic("timer_cancel_sync: called from the timer's own "
		    "callback %pS", timer->fn);
	return true;
}

bool
timer_cancel_sync(struct timer *timer)
{
	bool pending = timer_cancel(timer);

	/* The callback that is waited for may start it again. */
	while (runs(timer)) {
		cpu_pause();
		pending |= timer_cancel(timer);
	}
	return pending;
}

bool
timer_pending(const struct timer *timer)
{
	return __atomic_load_n(&timer->node.queued, __ATOMIC_RELAXED);
}

size_t
timers_pending(void)
{
	return percpu_ptr(timers)->pending;
}

/* -- Running --------------------------------------------------------------- */

/* When a periodic timer runs next: the first of its times that is to come;
 * one that 64 bits do not hold is never. */
static uint64_t
next_period(const struct timer *timer, uint64_t now_ns)
{
	uint64_t at_ns = timer->node.at_ns;
	uint64_t missed = (now_ns - at_ns) / timer->period_ns;
	uint64_t last_ns = at_ns + missed * timer->period_ns;	/* <= now_ns */

	return last_ns > UINT64_MAX - timer->period_ns ? NOTHING
	    : last_ns + timer->period_ns;
}

/* Take the next one that was due; a periodic one is started again. */
static struct timer *
next_due(struct timers *cpu)
{
	struct timer *timer = first_of(cpu);

	if (!timer || timer->node.at_ns > cpu->due_ns)
		return NULL;
	take_out(cpu, timer);
	if (timer->period_ns)
		insert(cpu, timer, next_period(timer, cpu->due_ns));
	return timer;
}

/* Run what is due now. What becomes due meanwhile waits for an interrupt of
 * its own, so that others get in between. */
static void
run_due(void)
{
	struct timers *cpu = percpu_ptr(timers);
	struct timer *timer;

	spin_lock(&cpu->lock);
	cpu->wakes++;
	cpu->armed_ns = NOTHING;	/* the device has done what it was set to */
	cpu->due_ns = clock_now_ns();
	while ((timer = next_due(cpu))) {
		timer_fn *fn = timer->fn;

		cpu->fired++;
		__atomic_store_n(&cpu->running, timer, __ATOMIC_RELAXED);
		spin_unlock(&cpu->lock);
		fn(timer);
		spin_lock(&cpu->lock);
		__atomic_store_n(&cpu->running, NULL, __ATOMIC_RELEASE);
	}
	cpu->due_ns = 0;
	rearm(cpu);
	spin_unlock(&cpu->lock);
}

/* -- The boot step --------------------------------------------------------- */

static struct timer look_timer;

static void
look_at_the_clock(struct timer *timer)
{
	(void)timer;
	clock_now_ns();
}

static int
timer_init_boot(void)
{
	struct timers *cpu = percpu_ptr(timers);
	irqflags_t flags;

	event_expired = run_due;
	if (clock_look_ns()) {
		timer_init(&look_timer, look_at_the_clock);
		timer_start_periodic(&look_timer, clock_now_ns(),
		    clock_look_ns());
	}
	flags = spin_lock_save(&cpu->lock);
	rearm(cpu);
	spin_unlock_restore(&cpu->lock, flags);
	return 0;
}
INIT_EX(timer_init_boot, "1.8");

/* The first moment at which all is known that look_timer needs. */
static int
say_if_nobody_looks(void)
{
	if (clock_look_ns() && !(exercise_written("1.8") && event_device()
	    && irq_enabled()))
		printk(LOG_NOTICE "clock: %s loses time: no timer looks at it "
		    "every %lu ms\n", clock_source()->choice.name,
		    clock_look_ns() / NS_PER_MS);
	return 0;
}
INIT_LATE(say_if_nobody_looks);

/* -- The monitor's command ------------------------------------------------- */

static void
print_next(timer_fn *fn, uint64_t at_ns)
{
	uint64_t now_ns = clock_now_ns();
	uint64_t us = (at_ns > now_ns ? at_ns - now_ns : now_ns - at_ns)
	    / NS_PER_US;

	console_printf("next: %pS, %s %lu.%06lu s\n", fn,
	    at_ns > now_ns ? "in" : "due since", us / 1000000, us % 1000000);
}

static int
timers_command(int argc, char **argv)
{
	struct timers *cpu = percpu_ptr(timers);
	const struct event_device *device = event_device();
	const struct timer *first;
	struct timer copy;
	irqflags_t flags;

	(void)argv;
	if (argc > 1)
		return -EINVAL;
	console_printf("device: %s\n", device ? device->choice.name : "none");
	if (!exercise_written("1.8")) {
		console_printf("no timers: exercise 1.8 is not written yet\n");
		return 0;
	}
	flags = spin_lock_save(&cpu->lock);
	first = first_of(cpu);
	if (first)
		copy = *first;
	spin_unlock_restore(&cpu->lock, flags);
	console_printf("pending: %lu\nfired: %lu\ninterrupts: %lu\n",
	    cpu->pending, cpu->fired, cpu->wakes);
	if (first)
		print_next(copy.fn, copy.node.at_ns);
	return 0;
}
MONITOR_COMMAND(timers, "", "timers: how many, and the next one",
    timers_command);
