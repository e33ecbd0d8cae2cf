/* SPDX-License-Identifier: MIT */
/*
 * joints_test.c - each kind of joint between floors holds.
 */
#include <lab0/choice.h>
#include <lab0/errno.h>
#include <lab0/hook.h>
#include <lab0/init.h>
#include <lab0/ktest.h>
#include <lab0/percpu.h>
#include <lab0/set.h>
#include <lab0/singleton.h>
#include <lab0/string.h>

SET_DECLARE(nobody_joins);

/* A set that nobody joins is empty, not an error of the linker. */
KTEST(an_empty_set_is_legal)
{
	unsigned visited = 0;

	SET_FOREACH(const int, member, nobody_joins)
		visited += *member;
	expect_eq(visited, 0);
	expect_eq(SET_COUNT(nobody_joins), 0);
}

SET_DECLARE(joint_numbers);
static const int one = 1, two = 2, three = 3;
SET_ADD(joint_numbers, one);
SET_ADD(joint_numbers, two);
SET_ADD(joint_numbers, three);

/* The members of a set come in link order, each once. */
KTEST(a_set_keeps_its_order)
{
	int seen = 0;

	SET_FOREACH(const int, member, joint_numbers)
		seen = seen * 10 + *member;
	expect_eq(seen, 123);
}

/* Every boot step is in the set, and boot.c's own order is lab.mk's. */
KTEST(the_boot_steps_are_linked)
{
	expect(SET_COUNT(init) > 0);
	SET_FOREACH(const struct init_step, step, init)
		expect(step->run && step->name && step->lab <= 7);
}

struct greeter {
	const char *(*greet)(void);
};

static const char *
default_greet(void)
{
	return "lower";
}

static const char *
upper_greet(void)
{
	return "upper";
}

static const struct greeter default_greeter = { default_greet };
static const struct greeter upper_greeter = { upper_greet };
SINGLETON_DECLARE(struct greeter, greeter);
SINGLETON_DEFINE(struct greeter, greeter, default_greeter);

/* A singleton works by its default and then by the one replacement. */
KTEST(a_singleton_is_replaced_once)
{
	expect_streq(greeter->greet(), "lower");
	SINGLETON_REPLACE(greeter, upper_greeter);
	expect_streq(greeter->greet(), "upper");
	expect_streq(greeter_owner, "upper_greeter");
}

static int
works_here(void)
{
	return 0;
}

static int
not_here(void)
{
	return -ENODEV;
}

static const struct choice plain = { "plain", 100, works_here };
static const struct choice better = { "better", 300, works_here };
static const struct choice absent = { "absent", 400, not_here };
static const struct choice equal = { "equal", 300, works_here };
SET_DECLARE(joint_choice);
SET_ADD(joint_choice, plain);
SET_ADD(joint_choice, better);
SET_ADD(joint_choice, absent);
SET_ADD(joint_choice, equal);

/* The best candidate that works wins; the user's word comes first. */
KTEST(the_best_working_choice_wins)
{
	expect_streq(CHOICE_PICK(joint_choice, NULL)->name, "better");
	expect_streq(CHOICE_PICK(joint_choice, "plain")->name, "plain");
	expect_streq(CHOICE_PICK(joint_choice, "absent")->name, "better");
	expect_streq(CHOICE_PICK(joint_choice, "no such")->name, "better");
	expect(choice_pick(NULL, NULL, "nothing", NULL) == NULL);
}

HOOK_ATOMIC(joint_event, unsigned *sum, unsigned value);
HOOK_SLEEPS(joint_quiet, unsigned value);

static void
add_once(unsigned *sum, unsigned value)
{
	*sum += value;
}

static void
add_tenfold(unsigned *sum, unsigned value)
{
	*sum = *sum * 10 + value;
}

HOOK_ADD(joint_event, add_once);
HOOK_ADD(joint_event, add_tenfold);

/* A hook calls its listeners in link order; without any it does nothing. */
KTEST(a_hook_calls_all_listeners)
{
	unsigned sum = 1;

	HOOK_CALL(joint_event, &sum, 2);
	expect_eq(sum, 32);
	HOOK_CALL(joint_quiet, 1);
}

struct lower {
	int value;
};

struct upper {
	char name[5];
	struct lower lower;
};

/* An embedded object leads back to the object around it. */
KTEST(container_of_finds_the_outer_object)
{
	struct upper upper = { .name = "four", .lower = { 4 } };
	struct lower *inner = &upper.lower;

	expect(container_of(inner, struct upper, lower) == &upper);
}

static PERCPU(unsigned, joint_counter) = 7;
static PERCPU(struct upper, joint_struct);

/* A per-CPU variable is found through GS, with its initial value. */
KTEST(a_percpu_variable_is_this_cpus_own)
{
	uint64_t start = (uint64_t)&percpu_start;

	expect_eq(*percpu_ptr(joint_counter), 7);
	*percpu_ptr(joint_counter) += 1;
	expect_eq(*percpu_ptr(joint_counter), 8);
	expect_eq((uint64_t)percpu_self(), start);
	expect((uint64_t)percpu_ptr(joint_struct) > start);
	expect((uint64_t)percpu_ptr(joint_struct) < (uint64_t)percpu_end);
	expect_eq(cpu_id(), 0);
}

/* The stack protector's canary is set, and its low byte stops strings. */
KTEST(the_canary_is_set)
{
	expect(percpu_self()->canary != 0);
	expect_eq(percpu_self()->canary & 0xff, 0);
}
