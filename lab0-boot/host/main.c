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

#include <sanitizer/common_interface_defs.h>

#include <lab0/ktest.h>
#include <lab0/percpu.h>

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

static void
report(const char *name, enum host_end end, unsigned failed)
{
	if (end == HOST_TODO) {
		run.skipped++;
		printf("skip %s: %s\n", name, host_todo);
	} else if (end == HOST_PANIC || failed) {
		run.failed++;
		printf("not ok %s\n", name);
	} else {
		run.passed++;
		printf("ok %s\n", name);
	}
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	const char *patterns = argc > 1 ? argv[1] : "all";
	const char *skip = argc > 2 ? argv[2] : "";
	uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 16) : 1;

	__sanitizer_set_death_callback(report_death);
	SET_FOREACH(const struct ktest, test, ktest) {
		unsigned failed = 0;

		if (!ktest_selected(patterns, "", test->name))
			continue;
		if (!ktest_selected("all", skip, test->name)) {
			run.skipped++;
			printf("skip %s: needs the machine\n", test->name);
			continue;
		}
		run.running = test->name;
		report(test->name, run_one(test->name, seed, &failed), failed);
	}
	return summary();
}
