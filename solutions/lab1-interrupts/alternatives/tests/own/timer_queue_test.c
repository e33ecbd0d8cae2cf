/* SPDX-License-Identifier: MIT */
/*
 * timer_queue_test.c - the contract of <lab1/timer_queue.h>, a claim a test.
 *
 * A test is a script: alarms from A to Z go in and out, and what has to come of
 * each step is written beside it.
 */
#include <lab1/timer_queue.h>

#include <lab0/ktest.h>

enum { LETTERS = 26 };

struct step {
	char		what;		/* '+' insert, '-' remove */
	char		who;		/* 'A' to 'Z' */
	uint64_t	at_ns;		/* of an insertion */
	bool		returns;
	char		first;		/* afterwards; 0: nobody */
};

static struct timer_queue queue;
static struct timer_node nodes[LETTERS];

static char
name_of_first(void)
{
	const struct timer_node *node = timer_queue_first(&queue);

	return node ? (char)('A' + (node - nodes)) : 0;
}

/* Do one step; what it returned. */
static bool
do_step(const struct step *step)
{
	struct timer_node *node = &nodes[step->who - 'A'];

	if (step->what == '-')
		return timer_queue_remove(&queue, node);
	node->at_ns = step->at_ns;
	return timer_queue_insert(&queue, node);
}

static void
play(const struct step *steps, size_t nsteps)
{
	queue = (struct timer_queue){ 0 };
	for (size_t i = 0; i < LETTERS; i++)
		nodes[i].queued = false;
	expect_eq(name_of_first(), 0);
	for (size_t i = 0; i < nsteps; i++) {
		expect_eq(do_step(&steps[i]), steps[i].returns);
		expect_eq(nodes[steps[i].who - 'A'].queued,
		    steps[i].what == '+');
		expect_eq(name_of_first(), steps[i].first);
	}
}

#define PLAY(...) \
	play((const struct step[]){ __VA_ARGS__ }, \
	    ARRAY_SIZE(((const struct step[]){ __VA_ARGS__ })))

/* The table of the handout, and all of it out again. */
KTEST(the_example_of_the_handout)
{
	PLAY({ '+', 'A', 500, true, 'A' }, { '+', 'B', 200, true, 'B' },
	    { '+', 'C', 200, false, 'B' },
	    { '+', 'D', 1ul << 63, false, 'B' }, { '-', 'C', 0, true, 'B' },
	    { '-', 'C', 0, false, 'B' }, { '+', 'C', 200, false, 'B' },
	    { '-', 'B', 0, true, 'C' }, { '-', 'C', 0, true, 'A' },
	    { '-', 'A', 0, true, 'D' }, { '-', 'D', 0, true, 0 });
}

/* Any 64-bit time is a time. */
KTEST(one_alone_is_first_at_any_time)
{
	static const uint64_t times[] = {
		1, 0, 1ul << 31, 1ul << 32, 1ul << 63, UINT64_MAX, 7,
	};

	for (size_t i = 0; i < ARRAY_SIZE(times) && !ktest_failed(); i++)
		PLAY({ '+', 'Q', times[i], true, 'Q' },
		    { '-', 'Q', 0, true, 0 }, { '-', 'Q', 0, false, 0 });
}

/* Who comes back stands behind all of the same time. */
KTEST(equals_wait_their_turn_again)
{
	PLAY({ '+', 'A', 9, true, 'A' }, { '+', 'B', 9, false, 'A' },
	    { '+', 'C', 9, false, 'A' }, { '+', 'D', 9, false, 'A' },
	    { '-', 'A', 0, true, 'B' }, { '-', 'C', 0, true, 'B' },
	    { '+', 'A', 9, false, 'B' }, { '+', 'C', 9, false, 'B' },
	    { '-', 'B', 0, true, 'D' }, { '-', 'D', 0, true, 'A' },
	    { '+', 'B', 9, false, 'A' }, { '-', 'A', 0, true, 'C' },
	    { '-', 'C', 0, true, 'B' }, { '-', 'B', 0, true, 0 });
}

/* Of two at the same time the one goes that is meant. */
KTEST(an_equal_goes_alone)
{
	PLAY({ '+', 'A', 9, true, 'A' }, { '+', 'B', 9, false, 'A' },
	    { '+', 'C', 10, false, 'A' }, { '+', 'D', 8, true, 'D' },
	    { '-', 'B', 0, true, 'D' }, { '-', 'D', 0, true, 'A' },
	    { '-', 'A', 0, true, 'C' });
}

/* The first of now counts, not who was it before. */
KTEST(who_goes_leaves_no_trace)
{
	PLAY({ '+', 'A', 10, true, 'A' }, { '+', 'B', 20, false, 'A' },
	    { '-', 'A', 0, true, 'B' }, { '+', 'C', 15, true, 'C' },
	    { '+', 'A', 30, false, 'C' }, { '-', 'C', 0, true, 'B' },
	    { '-', 'B', 0, true, 'A' }, { '+', 'C', 29, true, 'C' },
	    { '-', 'C', 0, true, 'A' }, { '-', 'A', 0, true, 0 },
	    { '+', 'A', 40, true, 'A' });
}
