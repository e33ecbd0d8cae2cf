/* SPDX-License-Identifier: MIT */
/*
 * timer_queue_test.c - exercise 1.8 against a sorted array.
 *
 * Nodes are filled with rubbish before they are used, except what the contract
 * asks for. No test is so long that a plain sorted list would not pass it.
 */
#include <lab1/timer_queue.h>

#include <lab0/ktest.h>
#include <lab0/string.h>

enum { NODES = 300, FEW = 60, ROUNDS = 2500 };

static struct timer_queue queue;
static struct timer_node nodes[NODES];
static struct timer_node *model[NODES];	/* what is in, in order */
static unsigned nmodel;

static void
start(void)
{
	queue = (struct timer_queue){ 0 };
	nmodel = 0;
	memset(nodes, 0xa5, sizeof(nodes));
	for (unsigned i = 0; i < NODES; i++)
		nodes[i].queued = false;
}

/* Into the model, behind its equals; whether it is the first there. */
static bool
model_insert(struct timer_node *node)
{
	unsigned at = nmodel++;

	for (; at > 0 && model[at - 1]->at_ns > node->at_ns; at--)
		model[at] = model[at - 1];
	model[at] = node;
	return at == 0;
}

static void
model_remove(const struct timer_node *node)
{
	unsigned to = 0;

	for (unsigned i = 0; i < nmodel; i++) {
		if (model[i] != node)
			model[to++] = model[i];
	}
	nmodel = to;
}

/* Insert a node into both; whether the answers are the same. */
static bool
put(struct timer_node *node, uint64_t at_ns)
{
	node->at_ns = at_ns;
	return timer_queue_insert(&queue, node) == model_insert(node);
}

static bool
take(struct timer_node *node)
{
	model_remove(node);
	return timer_queue_remove(&queue, node);
}

/* The number of a node, for messages; ~0 for none. */
static uint64_t
number(const struct timer_node *node)
{
	return node ? (uint64_t)(node - nodes) : ~0ul;
}

static uint64_t
first(void)
{
	return number(timer_queue_first(&queue));
}

static uint64_t
model_first(void)
{
	return number(nmodel ? model[0] : NULL);
}

/* Take out the first until none is left, as the model has them. */
static void
drain(void)
{
	while (nmodel) {
		struct timer_node *next = model[0];

		expect_eq(first(), number(next));
		expect(next->queued);
		expect(take(next));
		expect(!next->queued);
	}
	expect_eq(first(), ~0ul);
}

/* Alarms come out by time, whatever order they went in. */
KTEST(queue_gives_alarms_by_time, .exercise = "1.8", .weight = 8,
    .plain = true)
{
	start();
	ktest_note("looking at the first after each insertion");
	for (unsigned i = 0; i < FEW; i++) {
		uint64_t at_ns = 1000 * ktest_random_below(1000000) + i;

		put(&nodes[i], at_ns);
		expect_eq(first(), model_first());
		expect(nodes[i].queued);
	}
	ktest_note("taking out the first, again and again");
	drain();
}

/* Looking at the first one leaves it in, and alone. */
KTEST(queue_first_only_looks, .exercise = "1.8", .weight = 1)
{
	start();
	for (unsigned i = 0; i < 3; i++)
		put(&nodes[i], 30 - 10 * i);
	for (unsigned i = 0; i < 5; i++) {
		expect_eq(first(), 2);
		expect(nodes[2].queued);
		expect_eq(nodes[2].at_ns, 10);
	}
	drain();
}

/* Of alarms for the same time the one that was inserted first comes first,
 * also after some were taken out and put in again. */
KTEST(queue_is_fair_to_equals, .exercise = "1.8", .weight = 1)
{
	start();
	for (unsigned i = 0; i < FEW; i++)
		put(&nodes[i], 500 + ktest_random_below(3));
	ktest_note("several alarms are due at the time of the first");
	for (unsigned i = 0; i < FEW; i++) {
		struct timer_node *node = &nodes[ktest_random_below(FEW)];

		expect(take(node));
		put(node, 500 + ktest_random_below(3));
		expect_eq(first(), model_first());
	}
	drain();
}

/* Insert says whether the alarm is the first one now: a tie is not. */
KTEST(queue_insert_says_whether_it_is_first, .exercise = "1.8", .weight = 1)
{
	static const struct {
		uint64_t	at_ns;
		bool		first;
		const char	*which;
	} steps[] = {
		{ 500, true, "the queue was empty" },
		{ 600, false, "an alarm later than the first" },
		{ 400, true, "an alarm earlier than the first" },
		{ 400, false, "an alarm at the time of the first" },
		{ 401, false, "one nanosecond later than the first" },
		{ 399, true, "one nanosecond earlier than the first" },
		{ 500, false, "later than the first, as another one" },
		{ 0, true, "at 0" }, { 0, false, "at 0 again" },
		{ UINT64_MAX, false, "at 2^64 - 1" },
	};

	start();
	for (unsigned i = 0; i < ARRAY_SIZE(steps); i++) {
		ktest_note(steps[i].which);
		nodes[i].at_ns = steps[i].at_ns;
		bool said = timer_queue_insert(&queue, &nodes[i]);

		model_insert(&nodes[i]);
		expect_eq(said, steps[i].first);
	}
	while (nmodel)
		expect(take(model[0]));
	ktest_note("the queue is empty again");
	expect(put(&nodes[0], 700));
}

/* Remove says whether the alarm was queued; one that was not, even with
 * rubbish in its links, changes nothing. */
KTEST(queue_remove_says_whether_it_was_queued, .exercise = "1.8", .weight = 1)
{
	start();
	ktest_note("the queue is empty");
	expect(!timer_queue_remove(&queue, &nodes[9]));
	for (unsigned i = 0; i < 5; i++)
		put(&nodes[i], 100 + i);
	ktest_note("this alarm was never inserted");
	expect(!timer_queue_remove(&queue, &nodes[9]));
	expect_eq(first(), 0);
	ktest_note("an alarm was taken out, and is taken out again");
	for (unsigned i = 1; i < 4; i++) {
		expect(take(&nodes[i]));
		expect(!nodes[i].queued);
		expect(!timer_queue_remove(&queue, &nodes[i]));
	}
	drain();
	expect(!timer_queue_remove(&queue, &nodes[0]));
}

/* The alarm numbered `gone` of five can be taken out, and the rest stays. */
static void
without(unsigned gone)
{
	start();
	for (unsigned i = 0; i < 5; i++)
		put(&nodes[i], 100 + i);
	expect(take(&nodes[gone]));
	expect_eq(first(), gone == 0);
	expect(put(&nodes[5], 90 + 5 * gone));
	drain();
}

/* The first, the last, the only one and any between can be taken out. */
KTEST(queue_lets_any_alarm_out, .exercise = "1.8", .weight = 1)
{
	static const char *const which[] = {
		"the first of five was taken out", "the second of five",
		"the middle one of five", "the fourth of five",
		"the last of five",
	};

	for (unsigned gone = 0; gone < 5; gone++) {
		ktest_note(which[gone]);
		without(gone);
		if (ktest_failed())
			return;
	}
	start();
	put(&nodes[0], 1);
	expect(take(&nodes[0]));
	ktest_note("the only one was taken out");
	expect_eq(first(), ~0ul);
	put(&nodes[1], 2);
	expect_eq(first(), 1);
}

/* Put in alarms for these times in a random order; they come out sorted. */
static void
sorts(const uint64_t *times, unsigned ntimes)
{
	start();
	for (unsigned left = ntimes; left; left--) {
		unsigned i = (unsigned)ktest_random_below(ntimes);

		while (nodes[i].queued)
			i = (i + 1) % ntimes;
		put(&nodes[i], times[i]);
	}
	drain();
}

/* Times are unsigned: 2^63 is later than 1, and 2^64 - 1 is the last. */
KTEST(queue_compares_unsigned, .exercise = "1.8", .weight = 1)
{
	static const uint64_t times[] = {
		0, 1, INT64_MAX - 1ul, INT64_MAX, INT64_MAX + 1ul,
		INT64_MAX + 2ul, UINT64_MAX - 1, UINT64_MAX,
	};

	ktest_note("by their times 0, 1, 2^63 - 2 .. 2^63 + 1, 2^64 - 2 and "
	    "2^64 - 1 they are numbered from 0 to 7");
	for (unsigned i = 0; i < 8 && !ktest_failed(); i++)
		sorts(times, ARRAY_SIZE(times));
}

/* All 64 bits of a time count. */
KTEST(queue_compares_all_bits, .exercise = "1.8", .weight = 1)
{
	static const uint64_t times[] = {
		5, 0x7fffffff, 0x80000001, 0xfffffffe, 0xffffffff,
		0x100000000, 0x100000004, 0x180000000, 0x7fff00000001,
		0x7fff00000002,
	};

	ktest_note("from 5 to 0x7fff00000002 they are numbered from 0 to 9");
	for (unsigned i = 0; i < 8 && !ktest_failed(); i++)
		sorts(times, ARRAY_SIZE(times));
}

/* Any sequence of insertions and removals is what a sorted array does. */
KTEST(queue_is_like_a_sorted_array, .exercise = "1.8", .weight = 2)
{
	start();
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct timer_node *node = &nodes[ktest_random_below(FEW)];

		if (node->queued) {
			expect(take(node));
			expect(!node->queued);
		} else {
			expect(put(node, ktest_random_below(40)));
			expect(node->queued);
		}
		expect_eq(first(), model_first());
	}
	drain();
}

/* Hundreds of alarms are no more than a few. */
KTEST(queue_holds_hundreds, .exercise = "1.8", .weight = 1)
{
	uint64_t last = 0;

	start();
	for (unsigned i = 0; i < NODES; i++) {
		nodes[i].at_ns = ktest_random() >> ktest_random_below(64);
		timer_queue_insert(&queue, &nodes[i]);
	}
	for (unsigned i = 0; i < NODES; i += 2)
		expect(timer_queue_remove(&queue, &nodes[i]));
	for (unsigned i = 0; i < NODES / 2; i++) {
		struct timer_node *next = timer_queue_first(&queue);

		expect(next && next->queued && next->at_ns >= last);
		last = next->at_ns;
		expect(timer_queue_remove(&queue, next));
	}
	expect_eq(first(), ~0ul);
}

/* Two queues know nothing of each other; all zeros is an empty one. */
KTEST(queues_are_apart, .exercise = "1.8", .weight = 1)
{
	struct timer_queue other = { 0 };

	start();
	expect(!timer_queue_first(&queue) && !timer_queue_first(&other));
	for (unsigned i = 0; i < FEW; i++) {
		put(&nodes[i], 1000 - i);
		nodes[FEW + i].at_ns = 2000 + i;
		expect_eq(timer_queue_insert(&other, &nodes[FEW + i]), i == 0);
	}
	expect_eq(number(timer_queue_first(&other)), FEW);
	drain();
	for (unsigned i = 0; i < FEW; i++) {
		expect_eq(number(timer_queue_first(&other)), FEW + i);
		expect(timer_queue_remove(&other, &nodes[FEW + i]));
	}
	expect(!timer_queue_first(&other));
}
