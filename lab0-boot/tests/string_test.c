/* SPDX-License-Identifier: MIT */
/*
 * string_test.c - memory, strings, numbers, patterns.
 *
 * Models are loops over single bytes.
 */
#include <lab0/errno.h>
#include <lab0/ktest.h>
#include <lab0/string.h>

enum { SIZE = 200, ROUNDS = 300 };

static unsigned char memory[SIZE], model[SIZE];

static void
fill_both(void)
{
	for (size_t i = 0; i < SIZE; i++)
		memory[i] = model[i] = (unsigned char)ktest_random();
}

/* A random run that lies within SIZE bytes. */
static size_t
random_run(size_t *at, size_t *other)
{
	size_t len = ktest_random_below(SIZE / 2);

	*at = ktest_random_below(SIZE - len);
	*other = ktest_random_below(SIZE - len);
	return len;
}

/* memmove copies as if through a buffer of its own. */
KTEST(memmove_survives_overlap)
{
	static unsigned char between[SIZE];
	size_t to, from;

	fill_both();
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t len = random_run(&to, &from);

		for (size_t i = 0; i < len; i++)
			between[i] = model[from + i];
		for (size_t i = 0; i < len; i++)
			model[to + i] = between[i];
		expect(memmove(memory + to, memory + from, len) == memory + to);
		expect_memeq(memory, model, SIZE);
	}
}

/* memcpy and memset write their bytes and no others. */
KTEST(copy_and_fill_keep_to_their_run)
{
	static unsigned char source[SIZE];
	size_t to, from;

	fill_both();
	for (size_t i = 0; i < SIZE; i++)
		source[i] = (unsigned char)ktest_random();
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t len = random_run(&to, &from);
		bool copy = round & 1;

		for (size_t i = 0; i < len; i++)
			model[to + i] = copy ? source[from + i]
			    : (unsigned char)round;
		if (copy)
			memcpy(memory + to, source + from, len);
		else
			memset(memory + to, (int)round, len);
		expect_memeq(memory, model, SIZE);
	}
}

/* memcmp finds the first byte that differs, as an unsigned one. */
KTEST(memcmp_finds_the_first_difference)
{
	fill_both();
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t at = ktest_random_below(SIZE);
		unsigned char old = memory[at];

		expect_eq(memcmp(memory, model, SIZE), 0);
		memory[at] ^= (unsigned char)(1 + ktest_random_below(255));
		expect_eq(memcmp(memory, model, at), 0);
		expect_eq(memcmp(memory, model, SIZE) < 0,
		    memory[at] < model[at]);
		memory[at] = old;
	}
	expect(memchr("abcb", 'b', 4) != NULL);
	expect(memchr("abcb", 'c', 2) == NULL);
}

/* Lengths, comparisons and searches end at the null byte. */
KTEST(strings_end_at_the_null_byte)
{
	const char *s = "strata";

	expect_eq(strlen(""), 0);
	expect_eq(strlen(s), 6);
	expect_eq(strnlen(s, 3), 3);
	expect_eq(strnlen(s, 9), 6);
	expect_eq(strcmp(s, "strata"), 0);
	expect(strcmp("a", "b") < 0 && strcmp("b", "a") > 0);
	expect(strcmp("a", "ab") < 0 && strcmp("\xff", "a") > 0);
	expect_eq(strncmp("abc", "abd", 2), 0);
	expect(strncmp("abc", "abd", 3) < 0);
	expect_eq(strncmp("a", "a", 9), 0);
	expect(strchr(s, 't') == s + 1 && strrchr(s, 't') == s + 4);
	expect(strchr(s, 'x') == NULL && strrchr(s, 'x') == NULL);
	expect(strchr(s, '\0') == s + 6 && strrchr(s, '\0') == s + 6);
	expect(strstr(s, "at") == s + 3 && strstr(s, "ts") == NULL);
	expect(strstr(s, "") == s);
	expect(str_starts_with(s, "str") && !str_starts_with("st", "str"));
}

/* strscpy cuts what does not fit, and always ends it. */
KTEST(strscpy_cuts_and_ends)
{
	char buffer[6] = "#####";

	expect_eq(strscpy(buffer, "abc", sizeof(buffer)), 3);
	expect_memeq(buffer, "abc\0#", 6);
	expect_eq(strscpy(buffer, "abcde", sizeof(buffer)), 5);
	expect_streq(buffer, "abcde");
	expect_eq(strscpy(buffer, "abcdef", sizeof(buffer)), -E2BIG);
	expect_streq(buffer, "abcde");
	expect_eq(strscpy(buffer, "x", 0), -E2BIG);
	expect_streq(buffer, "abcde");
}

/* Numbers are read in their base, up to the last one that fits. */
KTEST(numbers_are_read)
{
	uint64_t n = 1;
	const char *end;

	expect_eq(strtou64("0", NULL, 10, &n), 0);
	expect_eq(n, 0);
	expect_eq(strtou64("18446744073709551615", NULL, 10, &n), 0);
	expect_eq(n, UINT64_MAX);
	expect_eq(strtou64("18446744073709551616", NULL, 10, &n), -ERANGE);
	expect_eq(strtou64("0xDeadBeef", NULL, 0, &n), 0);
	expect_eq(n, 0xdeadbeef);
	expect_eq(strtou64("ffffffffffffffff", NULL, 16, &n), 0);
	expect_eq(strtou64("10000000000000000", NULL, 16, &n), -ERANGE);
	expect_eq(n, UINT64_MAX);
	expect_eq(strtou64("12ab", &end, 10, &n), 0);
	expect_eq(n, 12);
	expect_streq(end, "ab");
	expect_eq(strtou64("0x", &end, 0, &n), 0);
	expect_streq(end, "x");
}

/* What is no number is refused and leaves the result alone. */
KTEST(what_is_no_number_is_refused)
{
	static const char *const bad[] = { "", "x", "-1", " 1", "1 ", "12ab" };
	uint64_t n = 77;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect_eq(strtou64(bad[i], NULL, 10, &n), -EINVAL);
	expect_eq(n, 77);
}

/* A plain, slow matcher to compare with. */
static bool
model_match(const char *pattern, const char *name)
{
	if (*pattern == '*')
		return model_match(pattern + 1, name)
		    || (*name && model_match(pattern, name + 1));
	if (!*pattern || !*name)
		return *pattern == *name;
	return (*pattern == '?' || *pattern == *name)
	    && model_match(pattern + 1, name + 1);
}

static void
random_text(char *text, size_t max, const char *letters)
{
	size_t len = ktest_random_below(max), n = strlen(letters);

	for (size_t i = 0; i < len; i++)
		text[i] = letters[ktest_random_below(n)];
	text[len] = '\0';
}

/* Patterns match what a slow matcher says they do. */
KTEST(globs_match_as_a_slow_matcher_says)
{
	char pattern[8], name[10];

	for (unsigned round = 0; round < 2000; round++) {
		random_text(pattern, sizeof(pattern), "ab*?");
		random_text(name, sizeof(name), "ab");
		expect_eq(glob_match(pattern, name),
		    model_match(pattern, name));
	}
}

/* A list of patterns matches if one of them does. */
KTEST(glob_lists_match_any)
{
	expect(glob_match_list("a,b*,c", "bee"));
	expect(glob_match_list("a", "a"));
	expect(!glob_match_list("a,b", "a,b"));
	expect(!glob_match_list("", "a"));
	expect(!glob_match_list("aa,bb", "ab"));
	expect(glob_match_list("x,,*", "anything"));
}
