/* SPDX-License-Identifier: MIT */
/*
 * pit_test.c - exercise 1.7 against the machine's time.
 *
 * The clock is provided code that does not use the exercise: the alarms' times
 * and the counter's values are compared with it. Channel 0 is free as long as
 * the timers have the local APIC.
 */
#include <lab1/pit.h>

#include <lab0/cpu.h>
#include <lab0/io.h>
#include <lab0/ktest.h>
#include <lab1/clock.h>
#include <lab1/irqchip.h>

enum {
	PIT_CHANNEL2 = 0x42,
	READ_BACK_CHANNEL2 = 1 << 3,
	STATUS_MODE_0 = 0x30,		/* low and high byte, mode 0, binary */
	STATUS_SETTINGS = 0x3f,
	SLACK_TICKS = 8,		/* of reading, on a slow machine */
	READS = 6000,
	TOO_MANY = 300,			/* interrupts of one alarm */
};

#define SLACK_NS	(int64_t)(60 * NS_PER_US)

static volatile unsigned arrived;
static volatile uint64_t arrived_ns;

static bool listening;

/* A control word without a count: nothing comes any more. */
static void
quiet(void)
{
	outb(STATUS_MODE_0, PIT_COMMAND);
}

static bool
count_it(struct interrupt_frame *frame, void *context)
{
	(void)frame;
	(void)context;
	arrived_ns = clock_now_ns();
	if (arrived++ == TOO_MANY)
		quiet();
	return true;
}

static struct interrupt_handler handler = {
	.fn = count_it,
	.name = "pit_test",
};

static void
start(uint32_t ticks)
{
	uint64_t flags = irq_save();

	pit_start(ticks);
	irq_restore(flags);
}

static uint16_t
count(void)
{
	uint64_t flags = irq_save();
	uint16_t value = pit_count();

	irq_restore(flags);
	return value;
}

static bool
expired(void)
{
	uint64_t flags = irq_save();
	bool yes = pit_expired();

	irq_restore(flags);
	return yes;
}

static uint64_t
ns_of(uint64_t ticks)
{
	return ticks * NS_PER_S / PIT_HZ;
}

static uint64_t
ticks_since(uint64_t start_ns)
{
	return (clock_now_ns() - start_ns) * PIT_HZ / NS_PER_S;
}

/* Until so many ticks, and some nanoseconds more or less, have gone. */
static void
wait(uint64_t begun_ns, uint64_t ticks, int64_t more_ns)
{
	uint64_t until_ns = begun_ns + ns_of(ticks) + (uint64_t)more_ns;
	uint64_t now_ns = clock_now_ns();

	if (now_ns < until_ns)
		clock_spin_ns(until_ns - now_ns);
}

/* What the read-back command says of a channel, without the exercise. */
static uint8_t
status(uint16_t port, unsigned channel_bit)
{
	uint64_t flags = irq_save();
	uint8_t value;

	outb((uint8_t)(PIT_READ_BACK | PIT_READ_BACK_NO_COUNT | channel_bit),
	    PIT_COMMAND);
	value = inb(port);
	irq_restore(flags);
	return value;
}

static void
stop_listening(void)
{
	quiet();
	irq_remove(irq_line_of_isa(0), &handler);
	listening = false;
}

/* Listen to the line; what was on its way from before has come then. A test
 * that failed before may have left the handler there. */
static int
listen(void)
{
	int err;

	if (listening)
		stop_listening();
	quiet();
	err = irq_add(irq_line_of_isa(0), &handler);
	listening = err == 0;
	clock_spin_ns(20 * NS_PER_US);
	arrived = 0;
	return err;
}

/* How long after a moment the alarm came; 0 if it was before. */
static uint64_t
came_after_ns(uint64_t begun_ns)
{
	return arrived_ns - MIN(arrived_ns, begun_ns);
}

/* An alarm arrives at its time, not earlier, and once. */
KTEST(pit_alarm_comes_once_in_time, .exercise = "1.7", .weight = 8,
    .plain = true)
{
	uint32_t ticks = 2000 + (uint32_t)ktest_random_below(6000);
	uint64_t begun_ns;

	expect_eq(listen(), 0);
	begun_ns = clock_now_ns();
	start(ticks);
	ktest_note("the interrupts are counted shortly before the alarm's time");
	wait(begun_ns, ticks, -SLACK_NS);
	expect_eq(arrived, 0);
	ktest_note("they are counted again shortly after its time");
	wait(begun_ns, ticks, 4 * SLACK_NS);
	expect_eq(arrived, 1);
	expect_at_least(came_after_ns(begun_ns), ns_of(ticks));
	ktest_note("they are counted again when it could have come three "
	    "times");
	wait(begun_ns, 3 * ticks, 4 * SLACK_NS);
	expect_eq(arrived, 1);
	stop_listening();
}

/* A duration in ticks is rounded up: an alarm never comes early. */
KTEST(pit_ticks_are_rounded_up, .exercise = "1.7", .weight = 1)
{
	static const struct {
		uint64_t	ns;
		uint32_t	ticks;
	} edges[] = {
		{ 838, 1 }, { 839, 2 }, { 1676, 2 }, { 1677, 3 },
		{ NS_PER_MS, 1194 }, { 10 * NS_PER_MS, 11932 },
		{ 54925000, 65536 }, { 54924000, 65535 }, { 54923000, 65534 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(edges); i++)
		expect_eq(pit_ticks_of_ns(edges[i].ns), edges[i].ticks);
	for (unsigned i = 0; i < 500; i++) {
		uint64_t ns = 1 + ktest_random_below(54 * NS_PER_MS);
		uint64_t ticks = pit_ticks_of_ns(ns);

		/* enough, and one fewer would not be */
		expect_at_least(ticks * NS_PER_S, ns * PIT_HZ);
		expect_at_most((ticks - 1) * NS_PER_S, ns * PIT_HZ - 1);
	}
}

/* No duration is too short or too long to be asked for. */
KTEST(pit_ticks_have_bounds, .exercise = "1.7", .weight = 1)
{
	static const uint64_t longest[] = {
		54926000, 55 * NS_PER_MS, NS_PER_S, 3600 * NS_PER_S,
		UINT32_MAX, 1ul << 32, INT64_MAX, INT64_MAX + 1ul, UINT64_MAX,
	};

	expect_eq(pit_ticks_of_ns(0), 1);
	expect_eq(pit_ticks_of_ns(1), 1);
	for (unsigned i = 0; i < ARRAY_SIZE(longest); i++)
		expect_eq(pit_ticks_of_ns(longest[i]), PIT_TICKS_MAX);
	for (unsigned i = 0; i < 300; i++)
		expect_eq(pit_ticks_of_ns(NS_PER_S << i % 34
		    | ktest_random_below(NS_PER_S)), PIT_TICKS_MAX);
}

/* The counter never goes up: its two bytes are of the same moment. */
KTEST(pit_count_is_of_one_moment, .exercise = "1.7", .weight = 1)
{
	uint16_t first, last, now;

	start(PIT_TICKS_MAX);
	wait(clock_now_ns(), 100, 0);
	first = last = count();
	for (unsigned i = 0; i < READS && last > 2000; i++, last = now) {
		now = count();
		if (now > last)
			ktest_note("the counter was read, and then it was "
			    "higher");
		expect_at_most(now, last);
		if (last - now > 100)
			ktest_note("between two reads it lost more than 100");
		expect_at_most(last - now, 100);
	}
	quiet();
	ktest_note("it was read 6,000 times: it has to go on meanwhile");
	expect_at_least(first - last, 101);
}

/* The counter is what is left of the alarm, also while it is read often. */
KTEST(pit_count_keeps_time, .exercise = "1.7", .weight = 1)
{
	uint64_t begun_ns, gone, counted;

	start(PIT_TICKS_MAX);
	begun_ns = clock_now_ns();
	ktest_note("the ticks counted, against ticks gone by the clock, are "
	    "as many but for 8");
	for (unsigned i = 0; i < 40; i++) {
		for (unsigned j = 0; j < 50; j++)
			(void)count();
		clock_spin_ns(ktest_random_below(300 * NS_PER_US));
		counted = (uint16_t)-count();
		gone = ticks_since(begun_ns);
		expect_between(counted, gone - MIN(gone, SLACK_TICKS),
		    gone + SLACK_TICKS);
	}
	quiet();
}

/* Both bytes of the count arrive where they belong. */
KTEST(pit_start_writes_both_bytes, .exercise = "1.7", .weight = 1)
{
	static const uint32_t values[] = {
		0x1200, 0x00ff, 0x0100, 0x8001, 0xff00, 0xffff, 0x4321,
	};

	ktest_note("the count is read right after the start: it and the ticks "
	    "gone since make what was written");
	for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
		start(values[i]);
		uint64_t begun_ns = clock_now_ns();
		uint16_t left = count();
		uint64_t gone = ticks_since(begun_ns);

		expect_at_most(left, values[i]);
		expect_at_least(left + gone, values[i] - SLACK_TICKS);
	}
	quiet();
}

/* The longest alarm is 65536 ticks: 54.9 ms, not none at all. */
KTEST(pit_longest_alarm_is_65536_ticks, .exercise = "1.7", .weight = 1)
{
	uint64_t begun_ns, gone;

	start(PIT_TICKS_MAX);
	begun_ns = clock_now_ns();
	ktest_note("the counter is read soon after the start: of the 65536 "
	    "ticks few are gone");
	gone = (uint16_t)-count();
	expect_at_most(gone, 999);
	ktest_note("pit_expired is asked shortly before the end, and shortly "
	    "after it");
	wait(begun_ns, PIT_TICKS_MAX, -SLACK_NS);
	expect(!expired());
	wait(begun_ns, PIT_TICKS_MAX, SLACK_NS);
	expect(expired());
	quiet();
}

/* Channel 0 counts in mode 0, in binary; the other channels go on. */
KTEST(pit_start_sets_mode_0, .exercise = "1.7", .weight = 1)
{
	uint8_t other = status(PIT_CHANNEL2, READ_BACK_CHANNEL2);

	start(50000);
	expect_eq(status(PIT_CHANNEL0, PIT_READ_BACK_CHANNEL0)
	    & STATUS_SETTINGS, STATUS_MODE_0);
	(void)count();
	(void)expired();
	ktest_note("channel 2, which is the kernel's clock of last resort, "
	    "keeps its settings");
	expect_eq(status(PIT_CHANNEL2, READ_BACK_CHANNEL2) & STATUS_SETTINGS,
	    other & STATUS_SETTINGS);
	quiet();
}

/* A new alarm replaces the running one, be it earlier or later. */
KTEST(pit_start_replaces, .exercise = "1.7", .weight = 1)
{
	uint64_t begun_ns;

	expect_eq(listen(), 0);
	ktest_note("one of 3000 ticks is replaced by one of 9000, this by "
	    "one of 1500");
	start(3000);
	wait(clock_now_ns(), 1000, 0);
	begun_ns = clock_now_ns();
	start(9000);
	wait(begun_ns, 5000, 0);
	expect_eq(arrived, 0);
	begun_ns = clock_now_ns();
	start(1500);
	wait(begun_ns, 1500, 4 * SLACK_NS);
	expect_eq(arrived, 1);
	expect_at_least(came_after_ns(begun_ns), ns_of(1500));
	wait(begun_ns, 9000, 0);
	expect_eq(arrived, 1);
	stop_listening();
}

/* Short alarms arrive too, each once. */
KTEST(pit_short_alarms_arrive, .exercise = "1.7", .weight = 1)
{
	expect_eq(listen(), 0);
	for (unsigned i = 0; i < 60; i++) {
		uint32_t ticks = 1 + i % 20;

		start(ticks);
		clock_spin_ns(ns_of(ticks) + 40 * NS_PER_US);
		expect_eq(arrived, i + 1);
	}
	stop_listening();
}

/* pit_expired is false until the alarm, and true from then on, also when the
 * counter has gone on below 0. */
KTEST(pit_expired_tells_the_output, .exercise = "1.7", .weight = 1)
{
	uint64_t begun_ns;

	start(4000);
	begun_ns = clock_now_ns();
	ktest_note("pit_expired is asked right after the start");
	expect(!expired());
	ktest_note("it is asked again shortly before the alarm");
	wait(begun_ns, 4000, -SLACK_NS);
	expect(!expired());
	ktest_note("it is asked again shortly after the alarm");
	wait(begun_ns, 4000, SLACK_NS);
	expect(expired());
	ktest_note("it is asked again when the counter has gone on for a "
	    "while");
	wait(begun_ns, 50000, 0);
	expect(expired());
	ktest_note("a new alarm was started, and it is asked at once");
	start(4000);
	expect(!expired());
	quiet();
}

/* After pit_expired the next read of the counter is the counter. */
KTEST(pit_expired_leaves_the_counter_alone, .exercise = "1.7", .weight = 1)
{
	uint16_t last = 60000;

	ktest_note("the counter was read after pit_expired, again and again");
	start(60000);
	for (unsigned i = 0; i < 100; i++) {
		uint16_t now;

		expect(!expired());
		now = count();
		expect_at_most(now, last);
		expect_at_most(last - now, 99);
		last = now;
	}
	quiet();
}
