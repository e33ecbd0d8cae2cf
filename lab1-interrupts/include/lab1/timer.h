/* SPDX-License-Identifier: MIT */
/*
 * timer.h - call me at that time.
 *
 *	static void blink(struct timer *timer) { ... }
 *	timer_init(&t, blink);
 *	timer_start(&t, clock_now_ns() + 5 * NS_PER_MS);
 *
 * A callback runs in interrupt context, never early, and timers that are due
 * together run in the order of their times. It may start or cancel its own
 * timer or any other. A time in the past runs at once, from the next interrupt
 * (from a callback: behind all that is due already). Nothing ticks while
 * nothing is due.
 *
 * While exercise 1.8 is not written, nothing here may be called.
 *
 * Owns      the queue of this CPU.       Stands on  timer_queue, clock, event.
 * Locks     timers.lock, with interrupts off; not held in a callback.
 */
#ifndef LAB1_TIMER_H
#define LAB1_TIMER_H

#include <lab0/types.h>
#include <lab1/timer_queue.h>

struct timer;
struct timers;			/* timer.c's */
typedef void timer_fn(struct timer *timer);

/*
 * The caller's storage; it lives while the timer is pending. A callback may
 * free it. Fields: I fixed by timer_init, t timers.lock.
 */
struct timer {
	struct timer_node	node;		/* [t] */
	timer_fn		*fn;		/* [I] */
	uint64_t		period_ns;	/* [t] 0: once */
	struct timers		*home;		/* [t] the CPU it belongs to */
};

/*
 * Make a timer that is not pending.
 *
 * timer     contents undefined; not a pending one: cancel it before
 * context   any
 */
void timer_init(struct timer *timer, timer_fn *fn);

/*
 * Run once at that time, on this CPU; a pending timer is moved. If its callback
 * runs on another CPU just now, it stays there.
 *
 * at_ns     on the clock of clock_now_ns; the past is allowed
 * context   any
 * locks     takes timers.lock
 */
void timer_start(struct timer *timer, uint64_t at_ns);

/*
 * Run at first_ns and then each period_ns after that, without drift. Runs that
 * were missed are left out, not made up for.
 *
 * first_ns  as at_ns of timer_start
 * period_ns at least 1; 0 is as timer_start
 * context   any
 * locks     takes timers.lock
 */
void timer_start_periodic(struct timer *timer, uint64_t first_ns,
    uint64_t period_ns);

/*
 * returns   true: it was pending and does not run (again); false: it was not
 *           pending: never started, has run, or runs now on another CPU
 * context   any
 * locks     takes timers.lock
 */
bool timer_cancel(struct timer *timer);

/*
 * The same, and on return the callback is not running any more, on any CPU.
 *
 * context   not in that timer's callback (a debug build panics); no lock held
 *           that the callback takes
 */
bool timer_cancel_sync(struct timer *timer);

/*
 * Whether it is going to run: in its own callback a periodic one is.
 *
 * context   any; another CPU may change it at once
 */
bool timer_pending(const struct timer *timer);

/* Number of pending timers of this CPU. Any context. */
size_t timers_pending(void);

#endif
