/* SPDX-License-Identifier: MIT */
/*
 * bench.c - runs the figures of the image.
 *
 * Offers    bench_run.
 * Stands on verdict, ktest (selection by name), the TSC.
 */
#include <lab0/bench.h>

#include <lab0/cpu.h>
#include <lab0/ktest.h>
#include <lab0/verdict.h>

enum { WARM_UP = 5 };

static uint64_t cycles[BENCH_RUNS];

static void
empty(void)
{
}

static uint64_t
measure(void (*run)(void))
{
	uint64_t start = rdtsc();

	run();
	return rdtsc() - start;
}

static void
sort(uint64_t *values, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		uint64_t value = values[i];
		unsigned at = i;

		for (; at && values[at - 1] > value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
}

static void
sample(void (*run)(void))
{
	for (unsigned i = 0; i < WARM_UP; i++)
		run();
	for (unsigned i = 0; i < BENCH_RUNS; i++)
		cycles[i] = measure(run);
	sort(cycles, BENCH_RUNS);
}

static void
figure(uint64_t value, uint64_t floor)
{
	verdict_str(" ");
	verdict_dec(value > floor ? value - floor : 0);
}

static void
bench_one(const struct kbench *bench)
{
	uint64_t floor;

	sample(empty);
	floor = cycles[BENCH_RUNS / 2];
	sample(bench->run);
	verdict_begin();
	verdict_str("bench ");
	verdict_str(bench->name);
	figure(cycles[BENCH_RUNS / 2], floor);
	figure(cycles[0], floor);
	figure(cycles[BENCH_RUNS - 1], floor);
	figure(BENCH_RUNS, 0);
	verdict_str(" ");
	verdict_str(bench->what);
	verdict_end();
}

void
bench_run(const char *patterns)
{
	SET_FOREACH(const struct kbench, bench, kbench) {
		if (ktest_selected(patterns, "", bench->name))
			bench_one(bench);
	}
}
