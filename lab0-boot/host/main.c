/* SPDX-License-Identifier: MIT */
/*
 * main.c - on a host: runs the KTESTs, one line each.
 *
 *	host-test PATTERNS SKIP SEED
 *
 * Status 0: none failed. A sanitizer's finding ends the run, after a line that
 * names the test. A test that reaches an unwritten exercise is skipped.
 *
 * Owns      the counts.              Stands on  ktest, machine.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sanitizer/common_interface_defs.h>

#include <lab0/ktest.h>
#include <lab0/percpu.h>
#include <lab0/todo.h>

#include "host.h"

static struct {
	const char	*running;
	unsigned	passed, failed, skipped;
} run;

static int
summary(void)
{
	printf("%u passed, %u failed, %u skipped\n", run.passed, run.failed,
	    run.skipped);
	fflush(stdout);
	return run.failed || !run.passed;
}

static void
report_death(void)
{
	run.failed++;
	printf("not ok %s: see the sanitizer's report\n", run.running);
	summary();
}

/* Run one test; what a panic left half done is put right. */
static enum host_end
run_one(const char *name, uint64_t seed, unsigned *failed)
{
	jmp_buf here;
	enum host_end end;

	host_escape = &here;
	end = (enum host_end)setjmp(here);
	if (end == HOST_RETURNED)
		*failed = ktest_run(name, "", seed);
	host_escape = NULL;
	percpu_self()->preempt_count = 0;
	percpu_self()->irq_depth = 0;
	return end;
}

/* The first exercise of a comma list that is not written; NULL: all are. */
static const char *
unwritten(const char *ids)
{
	static char id[16];

	while (ids && *ids) {
		size_t len = strcspn(ids, ",");

		snprintf(id, sizeof(id), "%.*s", (int)len, ids);
		if (!exercise_written(id))
			return id;
		ids += len + (ids[len] == ',');
	}
	return NULL;
}

static void
skip(const char *name, const char *why, const char *what)
{
	run.skipped++;
	printf("skip %s: %s%s\n", name, why, what);
}

static void
report(const char *name, enum host_end end, unsigned failed)
{
	if (end == HOST_TODO) {
		skip(name, host_todo, "");
	} else if (end == HOST_PANIC || failed) {
		run.failed++;
		printf("not ok %s\n", name);
	} else {
		run.passed++;
		printf("ok %s\n", name);
	}
	fflush(stdout);
}

static void
consider(const struct ktest *test, const char *left_out, uint64_t seed)
{
	const char *missing = unwritten(test->exercise);
	unsigned failed = 0;
	enum host_end end;

	if (!missing)
		missing = unwritten(test->needs);
	if (missing) {
		skip(test->name, "waits for exercise ", missing);
	} else if (!ktest_selected("all", left_out, test->name)) {
		skip(test->name, "needs the machine", "");
	} else {
		run.running = test->name;
		end = run_one(test->name, seed, &failed);
		report(test->name, end, failed);
	}
}

int
main(int argc, char **argv)
{
	const char *patterns = argc > 1 ? argv[1] : "all";
	const char *left_out = argc > 2 ? argv[2] : "";
	uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 16) : 1;

	__sanitizer_set_death_callback(report_death);
	SET_FOREACH(const struct ktest, test, ktest) {
		if (ktest_selected(patterns, "", test->name))
			consider(test, left_out, seed);
	}
	return summary();
}
