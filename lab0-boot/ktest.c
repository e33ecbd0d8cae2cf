/* SPDX-License-Identifier: MIT */
/*
 * ktest.c - runs the tests of the image, as KTAP on the verdict port.
 *
 * Owns      the running test's state.
 * Offers    ktest_run, the checks behind expect_*.
 * Stands on verdict, string.
 * Source    Linux documentation, "The Kernel Test Anything Protocol".
 */
#include <lab0/ktest.h>

#include <lab0/string.h>
#include <lab0/verdict.h>

static struct {
	const struct ktest	*test;
	bool			failed;
	uint64_t		random;	/* state of ktest_random */
} running;

bool
ktest_selected(const char *patterns, const char *skip, const char *name)
{
	return (strcmp(patterns, "all") == 0
	    || glob_match_list(patterns, name))
	    && !glob_match_list(skip, name);
}

static void
diagnostic_begin(struct ktest_where where)
{
	running.failed = true;
	verdict_begin();
	verdict_str("# ");
	verdict_str(running.test->name);
	verdict_str(": ");
	verdict_str(where.file);
	verdict_str(":");
	verdict_dec(where.line);
	verdict_str(": ");
}

bool
ktest_check(struct ktest_where where, bool held, const char *cond)
{
	if (held)
		return true;
	diagnostic_begin(where);
	verdict_str("expected ");
	verdict_str(cond);
	verdict_end();
	return false;
}

/* The last 4096 are error codes and -1: shown with their sign. */
static void
number(uint64_t value)
{
	bool negative = value >= -(uint64_t)4096;

	verdict_str(negative ? "-" : "");
	verdict_dec(negative ? -value : value);
	verdict_str(" (");
	verdict_hex(value);
	verdict_str(")");
}

/* The end of a diagnostic about a number. */
static void
got_from(uint64_t got, const char *expr)
{
	verdict_str(", got ");
	number(got);
	verdict_str(" from ");
	verdict_str(expr);
	verdict_end();
}

bool
ktest_check_eq(struct ktest_where where, const char *expr, uint64_t got,
    uint64_t want)
{
	if (got == want)
		return true;
	diagnostic_begin(where);
	verdict_str("expected ");
	number(want);
	got_from(got, expr);
	return false;
}

bool
ktest_check_between(struct ktest_where where, const char *expr, uint64_t got,
    uint64_t least, uint64_t most)
{
	if (got >= least && got <= most)
		return true;
	diagnostic_begin(where);
	verdict_str("expected ");
	if (most == UINT64_MAX) {
		verdict_str("at least ");
		number(least);
	} else if (least == 0) {
		verdict_str("at most ");
		number(most);
	} else {
		number(least);
		verdict_str(" to ");
		number(most);
	}
	got_from(got, expr);
	return false;
}

static void
quoted(const char *text)
{
	verdict_str(text ? "\"" : "NULL");
	if (!text)
		return;
	for (; *text; text++) {
		if (*text >= ' ' && *text <= '~') {
			verdict_strn(text, 1);
		} else {
			verdict_str("\\x");
			verdict_hex((unsigned char)*text);
		}
	}
	verdict_str("\"");
}

bool
ktest_check_streq(struct ktest_where where, const char *expr, const char *got,
    const char *want)
{
	if (got && want ? strcmp(got, want) == 0 : got == want)
		return true;
	diagnostic_begin(where);
	verdict_str("expected ");
	quoted(want);
	verdict_str(", got ");
	quoted(got);
	verdict_str(" from ");
	verdict_str(expr);
	verdict_end();
	return false;
}

bool
ktest_check_memeq(struct ktest_where where, const char *expr, const void *got,
    const void *want, size_t len_bytes)
{
	const unsigned char *a = got, *b = want;
	size_t i = 0;

	while (i < len_bytes && a[i] == b[i])
		i++;
	if (i == len_bytes)
		return true;
	diagnostic_begin(where);
	verdict_str("expected byte ");
	verdict_hex(b[i]);
	verdict_str(", got ");
	verdict_hex(a[i]);
	verdict_str(" at offset ");
	verdict_dec(i);
	verdict_str(" of ");
	verdict_str(expr);
	verdict_end();
	return false;
}

void
ktest_note(const char *text)
{
	verdict_begin();
	verdict_str("# ");
	verdict_str(running.test->name);
	verdict_str(": ");
	verdict_str(text);
	verdict_end();
}

bool
ktest_failed(void)
{
	return running.failed;
}

/* Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
 * Generators" (OOPSLA 2014), the mixing function known as SplitMix64. */
uint64_t
ktest_random(void)
{
	uint64_t z = running.random += 0x9e3779b97f4a7c15ul;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ul;
	z = (z ^ z >> 27) * 0x94d049bb133111ebul;
	return z ^ z >> 31;
}

uint64_t
ktest_random_below(uint64_t bound)
{
	return ktest_random() % bound;
}

/* FNV-1a, so that a test's numbers don't depend on which others run. */
static uint64_t
hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325ul;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3ul;
	return h;
}

static void
report(const char *result, unsigned number_in_plan, const char *name)
{
	verdict_begin();
	verdict_str(result);
	verdict_dec(number_in_plan);
	verdict_str(" ");
	verdict_str(name);
	verdict_end();
}

static bool
run_one(const struct ktest *test, unsigned number_in_plan, uint64_t seed)
{
	running.test = test;
	running.failed = false;
	running.random = seed ^ hash(test->name);
	verdict_begin();
	verdict_str("# start ");
	verdict_str(test->name);
	verdict_end();
	test->run();
	report(running.failed ? "not ok " : "ok ", number_in_plan, test->name);
	return !running.failed;
}

static void
plan(const char *patterns, const char *skip)
{
	unsigned n = 0;

	SET_FOREACH(const struct ktest, test, ktest)
		n += ktest_selected(patterns, skip, test->name);
	verdict_line("KTAP version 1");
	verdict_begin();
	verdict_str("1..");
	verdict_dec(n);
	verdict_end();
}

unsigned
ktest_run(const char *patterns, const char *skip, uint64_t seed)
{
	unsigned i = 0, failed = 0;

	plan(patterns, skip);
	SET_FOREACH(const struct ktest, test, ktest) {
		if (ktest_selected(patterns, skip, test->name))
			failed += !run_one(test, ++i, seed);
	}
	verdict_line("# done");
	return failed;
}
