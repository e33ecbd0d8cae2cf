/* SPDX-License-Identifier: MIT */
/*
 * sleeps_test.c - hours of sleep, for test_clock.py.
 *
 * With the option sleeps=N the kernel sleeps N seconds by one timer after the
 * other, of up to a minute each, and then says what all clocks make of it. The
 * time costs nothing: a CPU that is halted leaps from alarm to alarm.
 */
#include <lab0/cpu.h>
#include <lab0/init.h>
#include <lab0/option.h>
#include <lab0/random.h>
#include <lab0/todo.h>
#include <lab0/verdict.h>
#include <lab1/clock.h>
#include <lab1/timer.h>

#include "clock_impl.h"

OPTION(sleeps, "SECONDS", "test: sleep so long by timers, then exit");

static volatile uint64_t woken_ns;
static uint64_t early, backwards, latest_ns, sleeps;

static void
wake(struct timer *timer)
{
	(void)timer;
	woken_ns = clock_now_ns();
}

static void
sleep_until(struct timer *timer, uint64_t at_ns)
{
	woken_ns = 0;
	timer_start(timer, at_ns);
	irq_save();
	while (!woken_ns)
		__asm__ volatile("sti; hlt; cli" : : : "memory");
	__asm__ volatile("sti" : : : "memory");
	sleeps++;
	early += woken_ns < at_ns;
	latest_ns = MAX(latest_ns, woken_ns - MIN(woken_ns, at_ns));
	backwards += clock_now_ns() < woken_ns;
}

static void
say(const char *name, uint64_t value)
{
	verdict_begin();
	verdict_str("# slept ");
	verdict_str(name);
	verdict_str(" ");
	verdict_dec(value);
	verdict_end();
}

static uint64_t
chip_s(void)
{
	struct calendar date;

	return cmos_read(&date) ? 0 : calendar_to_s(&date);
}

static void
sleep_for(uint64_t duration_ns)
{
	bool hpet = hpet_clock.choice.probe() == 0;
	uint64_t start_s = chip_s(), start_count = hpet ? hpet_clock.read() : 0;
	uint64_t start_ns = clock_now_ns(), now_ns = start_ns;
	struct random random;
	struct timer timer;

	random_start(&random, 1);
	timer_init(&timer, wake);
	while (now_ns - start_ns < duration_ns) {
		sleep_until(&timer, now_ns +
		    random_next_below(&random, 60 * NS_PER_S));
		now_ns = clock_now_ns();
	}
	say("clock_ns", now_ns - start_ns);
	if (hpet)
		say("hpet_ns", clock_scale(hpet_clock.read() - start_count,
		    clock_rate_to_ns(hpet_clock.hz())));
	say("chip_s", chip_s() - start_s);
	say("calendar_s", clock_calendar_s());
	say("now_ns", clock_now_ns());
	say("sleeps", sleeps);
	say("early", early);
	say("backwards", backwards);
	say("latest_ns", latest_ns);
}

static int
sleeps_test_init(void)
{
	uint64_t seconds;
	int err;

	if (!option_given("sleeps") || !exercise_written("1.8")
	    || !irq_enabled())
		return 0;
	err = option_u64("sleeps", 0, &seconds);
	if (err)
		return err;
	sleep_for(seconds * NS_PER_S);
	verdict_exit(EXIT_OK);
}
INIT_LATE(sleeps_test_init);
