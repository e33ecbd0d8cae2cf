/* SPDX-License-Identifier: MIT */
/*
 * main.c - on a host: runs the KTESTs, one line each.
 *
 *	host-test PATTERNS SKIP SEED
 *
 * Status 0: none failed. The tests run in a child: where a sanitizer ends it,
 * the parent says in which test and a new child goes on with the next one. A
 * test that stands on an unwritten exercise is skipped. A pattern that matches
 * no test is status 2.
 *
 * Owns      the counts.              Stands on  ktest, machine.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lab0/ktest.h>
#include <lab0/percpu.h>
#include <lab0/todo.h>

#include "host.h"

enum {
	HANG_SECONDS = 60,		/* a test never takes so long */
	ALIKE = 3,			/* letters: fewer are chance */
};

/* Shared by parent and child. */
static struct run {
	unsigned	next;		/* the test to begin with, by its place */
	char		running[128];	/* "": between tests */
	unsigned	passed, failed, skipped;
} *run;

/* What is asked for. */
struct request {
	const char	*patterns, *left_out;
	uint64_t	seed;
};

/* Run one test; what a panic left half done is put right. */
static enum host_end
run_one(const char *name, uint64_t seed, unsigned *failed)
{
	jmp_buf here;
	enum host_end end;

	host_escape = &here;
	alarm(HANG_SECONDS);
	end = (enum host_end)setjmp(here);
	if (end == HOST_RETURNED)
		*failed = ktest_run(name, "", seed);
	host_escape = NULL;
	alarm(0);
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
	run->skipped++;
	printf("skip %s: %s%s\n", name, why, what);
}

static void
report(const char *name, enum host_end end, unsigned failed)
{
	if (end == HOST_TODO) {
		skip(name, host_todo, "");
	} else if (end == HOST_PANIC || failed) {
		run->failed++;
		printf("not ok %s\n", name);
	} else {
		run->passed++;
		printf("ok %s\n", name);
	}
	fflush(stdout);
}

static void
consider(const struct ktest *test, const struct request *request)
{
	const char *missing = unwritten(test->exercise);
	unsigned failed = 0;
	enum host_end end;

	if (!missing)
		missing = unwritten(test->needs);
	if (missing) {
		skip(test->name, "waits for exercise ", missing);
	} else if (!ktest_selected("all", request->left_out, test->name)) {
		skip(test->name, "needs the machine", "");
	} else {
		snprintf(run->running, sizeof(run->running), "%s", test->name);
		end = run_one(test->name, request->seed, &failed);
		report(test->name, end, failed);
		run->running[0] = '\0';
	}
}

/* The child: what is left of the tests. */
static void
run_rest(const struct request *request)
{
	unsigned place = 0;

	SET_FOREACH(const struct ktest, test, ktest) {
		if (place++ < run->next)
			continue;
		run->next = place;
		if (ktest_selected(request->patterns, "", test->name))
			consider(test, request);
	}
	fflush(stdout);
}

/* Whether a child has done all; if not, its last test is the fault's. */
static int
run_in_child(const struct request *request)
{
	int status = -1;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		run_rest(request);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0) {
		perror("host-test");
		exit(2);
	}
	if (status == 0)
		return 1;
	run->failed++;
	printf("not ok %s: see the report above (status 0x%x)\n",
	    run->running, (unsigned)status);
	return 0;
}

/* How many letters a name begins with that a pattern begins with, too. */
static size_t
common(const char *pattern, size_t length, const char *name)
{
	size_t n = 0;

	while (n < length && pattern[n] && pattern[n] == name[n])
		n++;
	return n;
}

/* Say that no test has this name, and which names begin most like it. */
static void
nothing_matches(const char *pattern, size_t length)
{
	size_t most = 1;

	fprintf(stderr, "host-test: TEST=%.*s: no test on this machine matches; "
	    "`make host-test` names them all, a * stands for any letters\n",
	    (int)length, pattern);
	SET_FOREACH(const struct ktest, test, ktest) {
		size_t n = common(pattern, length, test->name);

		most = n > most ? n : most;
	}
	if (most < ALIKE)
		return;
	fprintf(stderr, "there are, with a beginning like it:\n");
	SET_FOREACH(const struct ktest, test, ktest) {
		if (common(pattern, length, test->name) == most)
			fprintf(stderr, "  %s\n", test->name);
	}
}

static bool
matches_one(const char *pattern)
{
	SET_FOREACH(const struct ktest, test, ktest) {
		if (ktest_selected(pattern, "", test->name))
			return true;
	}
	return false;
}

/* Whether each part of a comma list matches a test; complains of the first. */
static bool
all_match(const char *patterns)
{
	char part[256];
	size_t length;

	for (; *patterns; patterns += length + (patterns[length] == ',')) {
		length = strcspn(patterns, ",");
		snprintf(part, sizeof(part), "%.*s", (int)length, patterns);
		if (length > 0 && !matches_one(part)) {
			nothing_matches(patterns, length);
			return false;
		}
	}
	return true;
}

int
main(int argc, char **argv)
{
	struct request request = {
		.patterns = argc > 1 ? argv[1] : "all",
		.left_out = argc > 2 ? argv[2] : "",
		.seed = argc > 3 ? strtoull(argv[3], NULL, 16) : 1,
	};

	if (!all_match(request.patterns))
		return 2;
	run = mmap(NULL, sizeof(*run), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run == MAP_FAILED)
		return 2;
	while (!run_in_child(&request))
		;
	printf("%u passed, %u failed, %u skipped\n", run->passed, run->failed,
	    run->skipped);
	return run->failed || !run->passed;
}
