/* SPDX-License-Identifier: MIT */
/*
 * ktest.h - tests that run inside the kernel.
 *
 *	What the student sees: one sentence (a comment line above).
 *	KTEST(buddies_merge_back_into_one_run, .exercise = "2.2", .weight = 2,
 *	    .plain = true)
 *	{
 *		expect_eq(zone_free_pages(), before);
 *	}
 *
 * The name is a claim that can be false. The attributes stand in the KTEST
 * line because the grader reads them from the source; one without an exercise
 * judges provided code and carries no marks. An expect_* that fails records
 * what was expected and ends its test by `return`, so it stands in the test
 * function itself (or in a void helper whose caller checks ktest_failed()).
 */
#ifndef LAB0_KTEST_H
#define LAB0_KTEST_H

#include <lab0/set.h>
#include <lab0/types.h>

struct ktest {
	void		(*run)(void);
	const char	*name;
	const char	*exercise;	/* or NULL */
	const char	*needs;		/* further exercises, comma separated */
	unsigned	weight;
	bool		plain;		/* the plain case of its exercise */
};

SET_DECLARE(ktest);

#define KTEST(test_name, ...) \
	static void ktest_##test_name(void); \
	static const struct ktest ktest_struct_##test_name = { \
		.run = ktest_##test_name, .name = #test_name, __VA_ARGS__ \
	}; \
	SET_ADD(ktest, ktest_struct_##test_name); \
	static void ktest_##test_name(void)

struct ktest_where {
	const char	*file;
	unsigned	line;
};

#define KTEST_HERE ((struct ktest_where){ __FILE__, __LINE__ })

#define expect(cond) \
	do { \
		if (!ktest_check(KTEST_HERE, (cond), #cond)) \
			return; \
	} while (0)

/* Integers of any type; shown in decimal and hexadecimal. */
#define expect_eq(got, want) \
	do { \
		if (!ktest_check_eq(KTEST_HERE, #got, (uint64_t)(got), \
		    (uint64_t)(want))) \
			return; \
	} while (0)

/* least <= got <= most, as numbers without a sign. */
#define expect_between(got, least, most) \
	ktest_between(got, #got, least, most)
#define expect_at_least(got, least) \
	ktest_between(got, #got, least, UINT64_MAX)
#define expect_at_most(got, most)	ktest_between(got, #got, 0, most)

#define ktest_between(got, expr, least, most) \
	do { \
		if (!ktest_check_between(KTEST_HERE, (expr), (uint64_t)(got), \
		    (uint64_t)(least), (uint64_t)(most))) \
			return; \
	} while (0)

#define expect_streq(got, want) \
	do { \
		if (!ktest_check_streq(KTEST_HERE, #got, (got), (want))) \
			return; \
	} while (0)

#define expect_memeq(got, want, len_bytes) \
	do { \
		if (!ktest_check_memeq(KTEST_HERE, #got, (got), (want), \
		    (len_bytes))) \
			return; \
	} while (0)

/* The checks behind the macros: record a failure; returns whether it held. */
bool ktest_check(struct ktest_where, bool held, const char *cond);
bool ktest_check_eq(struct ktest_where, const char *expr, uint64_t got,
    uint64_t want);
bool ktest_check_between(struct ktest_where, const char *expr, uint64_t got,
    uint64_t least, uint64_t most);
bool ktest_check_streq(struct ktest_where, const char *expr, const char *got,
    const char *want);
bool ktest_check_memeq(struct ktest_where, const char *expr, const void *got,
    const void *want, size_t len_bytes);

/* A line of explanation that goes with the next failure or as a remark. */
void ktest_note(const char *text);

/* Whether the running test has failed. */
bool ktest_failed(void);

/* Random numbers of this test: a function of `seed=` and the test's name. */
uint64_t ktest_random(void);

/* 0 <= result < bound; bound > 0. */
uint64_t ktest_random_below(uint64_t bound);

/*
 * Run the tests whose name matches, as KTAP on the verdict port.
 *
 * patterns  comma list of names or globs; "all" or "*" is every test
 * skip      comma list of names left out, or ""
 * seed      what ktest_random starts from
 * returns   how many failed
 */
unsigned ktest_run(const char *patterns, const char *skip, uint64_t seed);

/* Whether a test or bench of this name is to run. */
bool ktest_selected(const char *patterns, const char *skip, const char *name);

#endif
