/* SPDX-License-Identifier: MIT */
/*
 * timer_test.c - timers against the clock.
 *
 * test_clock.py runs these with each clock and each alarm, too.
 */
#include <lab1/timer.h>

#include <lab0/cpu.h>
#include <lab0/ktest.h>
#include <lab0/percpu.h>
#include <lab0/spinlock.h>
#include <lab0/todo.h>
#include <lab1/clock.h>
#include <lab1/event.h>
#include <lab1/interrupt.h>
#include <lab1/irqchip.h>

#include "spare_memory.h"

enum { MANY = 10000, TIES = 4 };

#define FAR_NS		(3600 * NS_PER_S)
/* 4,000 instructions of a slow machine: the way to a callback. The interval
 * timer as the clock takes longer to read. */
#define SLACK_NS	((clock_look_ns() ? 1000 : 500) * NS_PER_US)
#define START_NS	(200 * NS_PER_US)	/* 1,600: to start a timer */

struct alarm {
	struct timer	timer;
	uint64_t	at_ns;		/* as it was started */
	uint64_t	ran_ns;		/* clock in its callback */
	unsigned	runs;
	unsigned	place;		/* callbacks that ran before it */
};

/* Never early, and no later than the way to a callback takes. */
#define expect_on_time(ran_ns, due_ns) \
	expect_between(ran_ns, due_ns, (due_ns) + SLACK_NS)

static unsigned nran;			/* callbacks of this test */
static struct alarm a, b, c;

static void
note(struct timer *timer)
{
	struct alarm *alarm = container_of(timer, struct alarm, timer);

	alarm->ran_ns = clock_now_ns();
	alarm->place = nran++;
	alarm->runs++;
}

static void
make(struct alarm *alarm, timer_fn *fn)
{
	*alarm = (struct alarm){ 0 };
	timer_init(&alarm->timer, fn);
}

/*
 * a calls fn, b and c call note. A test that failed may have left them pending.
 *
 * returns   whether this kernel has timers; a partly written one has none
 */
static bool
begin(timer_fn *fn)
{
	if (!exercise_written("1.8") || !event_device() || !irq_enabled()) {
		ktest_note("there are no timers, or interrupts are off");
		return false;
	}
	if (a.timer.home) {
		timer_cancel(&a.timer);
		timer_cancel(&b.timer);
		timer_cancel(&c.timer);
	}
	nran = 0;
	make(&a, fn);
	make(&b, note);
	make(&c, note);
	return true;
}

static void
start_at(struct alarm *alarm, uint64_t at_ns)
{
	alarm->at_ns = at_ns;
	timer_start(&alarm->timer, at_ns);
}

static void
wait_until(uint64_t at_ns)
{
	while (clock_now_ns() < at_ns)
		cpu_pause();
}

/* Until that many callbacks ran, or it is hopeless. */
static void
wait_for(unsigned n, uint64_t last_ns)
{
	while (__atomic_load_n(&nran, __ATOMIC_RELAXED) < n
	    && clock_now_ns() < last_ns)
		cpu_pause();
}

/* -- Order and accuracy ---------------------------------------------------- */

/* n timers at random times, TIES of each, started in any order. */
static void
start_many(struct alarm *alarms, unsigned n, uint64_t first_ns,
    uint64_t span_ns)
{
	for (unsigned i = 0; i < n; i++) {
		make(&alarms[i], note);
		if (i % TIES == 0)
			alarms[i].at_ns = first_ns + ktest_random_below(span_ns);
		else
			alarms[i].at_ns = alarms[i - 1].at_ns;
	}
	for (unsigned i = 0; i < n; i++)
		timer_start(&alarms[i].timer, alarms[i].at_ns);
}

/* Whether `later` may not have run before `alarm`: its time, or its start. */
static bool
in_order(const struct alarm *alarm, const struct alarm *later)
{
	return alarm->at_ns < later->at_ns
	    || (alarm->at_ns == later->at_ns && alarm < later);
}

/* By the places where they ran. */
static bool
all_in_order(struct alarm *alarms, struct alarm **by_place, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (alarms[i].runs != 1 || alarms[i].place >= n)
			return false;
		by_place[alarms[i].place] = &alarms[i];
	}
	for (unsigned i = 1; i < n; i++) {
		if (!in_order(by_place[i - 1], by_place[i]))
			return false;
	}
	return true;
}

static bool
none_early(const struct alarm *alarms, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (alarms[i].ran_ns < alarms[i].at_ns)
			return false;
	}
	return true;
}

/* How late one was at most, behind its time and behind the one before it. */
static uint64_t
latest_ns(struct alarm *const *by_place, unsigned n)
{
	uint64_t latest = 0, before_ns = 0;

	for (unsigned i = 0; i < n; i++) {
		uint64_t soonest_ns = MAX(by_place[i]->at_ns, before_ns);

		before_ns = by_place[i]->ran_ns;
		latest = MAX(latest, before_ns - soonest_ns);
	}
	return latest;
}

static void
check_many(struct alarm *alarms, struct alarm **by_place, unsigned n)
{
	const uint64_t span_ns = n * START_NS / 2;
	uint64_t first_ns = clock_now_ns() + NS_PER_MS + n * START_NS;

	start_many(alarms, n, first_ns, span_ns);
	expect(clock_now_ns() < first_ns);	/* none has run yet */
	expect_eq(nran, 0);
	wait_for(n, first_ns + 2 * span_ns + NS_PER_S);
	expect_eq(nran, n);
	expect(none_early(alarms, n));
	expect(all_in_order(alarms, by_place, n));
	expect_at_most(latest_ns(by_place, n), SLACK_NS);
}

static void
run_many(unsigned n)
{
	struct alarm *alarms = spare_memory(MANY * sizeof(*alarms)
	    + MANY * sizeof(struct alarm *));

	if (!begin(note) || !alarms)
		return;
	check_many(alarms, (struct alarm **)(alarms + MANY), n);
	/* If it failed some are pending, in memory that others use. */
	for (unsigned i = 0; i < n; i++)
		timer_cancel(&alarms[i].timer);
}

KTEST(timer_one_runs_on_time)
{
	for (unsigned i = 0; i < 10 && !ktest_failed(); i++)
		run_many(1);
}

KTEST(timers_run_in_order_10)
{
	run_many(10);
}

KTEST(timers_run_in_order_1000)
{
	run_many(1000);
}

KTEST(timers_run_in_order_10000)
{
	run_many(MANY);
}

/* More than the interval timer can count: the alarm is set again and again. */
KTEST(timer_a_long_time_is_met)
{
	uint64_t at_ns = clock_now_ns() + NS_PER_S;

	if (!begin(note))
		return;
	start_at(&a, at_ns);
	wait_until(at_ns - NS_PER_MS);
	expect_eq(nran, 0);
	wait_for(1, at_ns + NS_PER_S);
	expect_eq(nran, 1);
	expect_on_time(a.ran_ns, at_ns);
}

KTEST(timer_times_in_the_past_run_at_once)
{
	uint64_t now_ns = clock_now_ns(), open_ns;
	irqflags_t flags;

	if (!begin(note))
		return;
	flags = irq_save();
	start_at(&a, now_ns);
	start_at(&b, 0);
	start_at(&c, now_ns / 2);
	open_ns = clock_now_ns();
	irq_restore(flags);
	wait_for(3, now_ns + NS_PER_S);
	expect_eq(nran, 3);
	expect_at_most(a.ran_ns - open_ns, 3 * SLACK_NS);
	expect_eq(b.place, 0);
	expect_eq(c.place, 1);
	expect_eq(a.place, 2);
}

/* Times are 64 bits without a sign: these are never, not long ago. */
KTEST(timer_the_end_of_time_does_not_come)
{
	uint64_t now_ns = clock_now_ns();
	size_t before;

	if (!begin(note))
		return;
	before = timers_pending();
	start_at(&a, UINT64_MAX);
	start_at(&b, 1ul << 63);
	start_at(&c, now_ns + 2 * NS_PER_MS);
	wait_until(now_ns + 5 * NS_PER_MS);
	expect_eq(c.runs, 1);
	expect_eq(nran, 1);
	expect_eq(timers_pending(), before + 2);
	expect(timer_cancel(&b.timer));
	expect(timer_cancel(&a.timer));
	expect_eq(timers_pending(), before);
}

/* -- Cancelling and moving ------------------------------------------------- */

KTEST(timer_cancel_says_whether_it_was_pending)
{
	uint64_t now_ns = clock_now_ns();

	if (!begin(note))
		return;
	expect(!timer_cancel(&a.timer));	/* never started */
	start_at(&a, now_ns + 3 * NS_PER_MS);
	start_at(&b, now_ns + 5 * NS_PER_MS);
	expect(timer_pending(&a.timer));
	expect(timer_cancel(&a.timer));
	expect(!timer_pending(&a.timer));
	expect(!timer_cancel(&a.timer));	/* a second time */
	wait_until(now_ns + 7 * NS_PER_MS);
	expect_eq(a.runs, 0);
	expect_eq(b.runs, 1);
	expect(!timer_pending(&b.timer));
	expect(!timer_cancel(&b.timer));	/* has run */
}

KTEST(timer_cancel_sync_is_a_cancel)
{
	uint64_t now_ns = clock_now_ns();

	if (!begin(note))
		return;
	expect(!timer_cancel_sync(&a.timer));
	start_at(&a, now_ns + 2 * NS_PER_MS);
	timer_start_periodic(&b.timer, now_ns, NS_PER_MS);
	expect(timer_cancel_sync(&a.timer));
	wait_for(1, now_ns + NS_PER_S);
	expect(timer_cancel_sync(&b.timer));
	expect(!timer_cancel_sync(&b.timer));
	nran = 0;
	wait_until(clock_now_ns() + 3 * NS_PER_MS);
	expect_eq(nran, 0);
}

KTEST(timer_that_is_started_again_is_moved)
{
	uint64_t now_ns = clock_now_ns();
	size_t before;

	if (!begin(note))
		return;
	before = timers_pending();
	start_at(&a, now_ns + FAR_NS);
	start_at(&b, now_ns + 2 * NS_PER_MS);
	start_at(&a, now_ns + 4 * NS_PER_MS);	/* earlier */
	start_at(&b, now_ns + 6 * NS_PER_MS);	/* later, and behind a */
	expect_eq(timers_pending(), before + 2);
	wait_until(now_ns + 3 * NS_PER_MS);
	expect_eq(nran, 0);
	wait_until(now_ns + 8 * NS_PER_MS);
	expect_eq(a.runs, 1);
	expect_eq(b.runs, 1);
	expect_eq(a.place, 0);
	expect_on_time(a.ran_ns, a.at_ns);
	expect_on_time(b.ran_ns, b.at_ns);
	expect_eq(timers_pending(), before);
}

/* -- What a callback may do ------------------------------------------------ */

static bool answer;			/* of timer_cancel in a callback */

static void
again(struct timer *timer)
{
	struct alarm *alarm = container_of(timer, struct alarm, timer);

	note(timer);
	if (alarm->runs < 5)
		start_at(alarm, alarm->at_ns + NS_PER_MS);
}

KTEST(timer_callback_starts_its_timer_again)
{
	uint64_t now_ns = clock_now_ns();

	if (!begin(again))
		return;
	start_at(&a, now_ns + NS_PER_MS);
	wait_until(now_ns + 8 * NS_PER_MS);
	expect_eq(a.runs, 5);
	expect_on_time(a.ran_ns, now_ns + 5 * NS_PER_MS);
	expect(!timer_pending(&a.timer));
}

static void
again_long_ago(struct timer *timer)
{
	note(timer);
	if (container_of(timer, struct alarm, timer)->runs < 5)
		timer_start(timer, 0);
}

/* It runs behind all that is due already, in a batch of its own. */
KTEST(timer_callback_may_ask_for_the_past)
{
	uint64_t now_ns = clock_now_ns();
	irqflags_t flags;

	if (!begin(again_long_ago))
		return;
	flags = irq_save();
	start_at(&a, now_ns);
	start_at(&b, now_ns + 1);
	irq_restore(flags);
	wait_for(6, now_ns + NS_PER_S);
	expect_eq(a.runs, 5);
	expect_eq(b.runs, 1);
	expect_eq(b.place, 1);
}

static void
cancel_b(struct timer *timer)
{
	note(timer);
	answer = timer_cancel(&b.timer);
}

KTEST(timer_callback_cancels_one_that_is_due_with_it)
{
	uint64_t at_ns = clock_now_ns() + 2 * NS_PER_MS;

	if (!begin(cancel_b))
		return;
	start_at(&a, at_ns);
	start_at(&b, at_ns);
	start_at(&c, at_ns);
	wait_until(at_ns + 2 * NS_PER_MS);
	expect(answer);
	expect_eq(a.runs, 1);
	expect_eq(b.runs, 0);
	expect_eq(c.runs, 1);
}

static void
cancel_itself(struct timer *timer)
{
	note(timer);
	if (container_of(timer, struct alarm, timer)->runs == 3)
		answer = timer_cancel(timer);
}

KTEST(timer_callback_cancels_itself)
{
	uint64_t now_ns = clock_now_ns();

	if (!begin(cancel_itself))
		return;
	answer = false;
	timer_start_periodic(&a.timer, now_ns + NS_PER_MS, NS_PER_MS);
	wait_until(now_ns + 6 * NS_PER_MS);
	expect_eq(a.runs, 3);
	expect(answer);			/* the next time was pending */
	expect(!timer_pending(&a.timer));
}

static bool in_interrupt, interruptible;

static void
look_around(struct timer *timer)
{
	in_interrupt = percpu_self()->irq_depth > 0;
	interruptible = irq_enabled();
	answer = timer_pending(timer);
	note(timer);
}

KTEST(timer_callback_is_in_interrupt_context)
{
	if (!begin(look_around))
		return;
	timer_start(&a.timer, 0);
	wait_for(1, clock_now_ns() + NS_PER_S);
	expect_eq(a.runs, 1);
	expect(in_interrupt);
	expect(!interruptible);
	expect(!answer);		/* it runs, and is not pending */
}

/* -- Periodic timers ------------------------------------------------------- */

enum { PERIODS = 50 };

static uint64_t period_ran_ns[PERIODS];

static void
each_period(struct timer *timer)
{
	period_ran_ns[MIN(nran, PERIODS - 1u)] = clock_now_ns();
	note(timer);
}

/* The last run is no later after its time than the first. */
KTEST(timer_periodic_does_not_drift)
{
	const uint64_t period_ns = 700001;
	uint64_t first_ns = clock_now_ns() + NS_PER_MS;

	if (!begin(each_period))
		return;
	timer_start_periodic(&a.timer, first_ns, period_ns);
	wait_for(PERIODS, first_ns + NS_PER_S);
	expect(timer_cancel(&a.timer));
	expect_eq(nran, PERIODS);
	for (unsigned i = 0; i < PERIODS; i++)
		expect_on_time(period_ran_ns[i], first_ns + i * period_ns);
}

/* Five and a half periods without interrupts: one run, then in step again. */
KTEST(timer_periods_that_were_missed_are_left_out)
{
	uint64_t first_ns = clock_now_ns() + 2 * NS_PER_MS;
	irqflags_t flags;

	if (!begin(each_period))
		return;
	timer_start_periodic(&a.timer, first_ns, 2 * NS_PER_MS);
	flags = irq_save();
	wait_until(first_ns + 11 * NS_PER_MS);
	irq_restore(flags);
	wait_until(first_ns + 11 * NS_PER_MS + NS_PER_MS / 2);
	expect_eq(nran, 1);
	wait_for(2, first_ns + NS_PER_S);
	expect(timer_cancel(&a.timer));
	expect_on_time(period_ran_ns[1], first_ns + 12 * NS_PER_MS);
}

/* -- Nothing due, no interrupt --------------------------------------------- */

/* Interrupts of the device that gives alarms. */
static uint64_t
alarms(void)
{
	return interrupt_taken(VECTOR_LOCAL_TIMER)
	    + interrupt_taken(VECTOR_LINE0 + irq_line_of_isa(0));
}

KTEST(timer_nothing_ticks_while_nothing_is_due)
{
	uint64_t before, now_ns;

	if (!begin(note) || timers_pending())	/* a clock that wraps is due */
		return;
	start_at(&a, clock_now_ns() + 10 * NS_PER_MS);
	expect(timer_cancel(&a.timer));
	wait_until(clock_now_ns() + 20 * NS_PER_MS); /* what was on its way */
	before = alarms();
	wait_until(clock_now_ns() + 200 * NS_PER_MS);
	expect_eq(alarms() - before, 0);

	now_ns = clock_now_ns();
	start_at(&a, now_ns + FAR_NS);
	start_at(&b, now_ns + 20 * NS_PER_MS);
	wait_until(now_ns + 40 * NS_PER_MS);
	expect(timer_cancel(&a.timer));
	expect_eq(b.runs, 1);
	expect_at_most(alarms() - before, 2);	/* one, and one that was early */
}
