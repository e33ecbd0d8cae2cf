/* SPDX-License-Identifier: MIT */
/*
 * text_fuzz.c - memory and string functions against the compiler's, numbers
 * and globs against plain models.
 */
#include <lab0/string.h>

#include <lab0/errno.h>

#include "fuzz_input.h"
#include "host.h"

enum { TEXT_MAX = 256 };

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

/* Two pieces of memory of the same length, nothing behind them. */
static void
memory(struct fuzz_input *in)
{
	int byte = (int)fuzz_take(in, 1);
	size_t half = in->left / 2;
	char *a = host_copy(in->next, half);
	char *b = host_copy(in->next + half, half);
	char *to = host_copy(b, half);

	host_assert(sign(memcmp(a, b, half)) ==
	    sign(__builtin_memcmp(a, b, half)));
	host_assert(memchr(a, byte, half) == __builtin_memchr(a, byte, half));
	memcpy(to, a, half);
	host_assert(__builtin_memcmp(to, a, half) == 0);
	memset(to, byte, half);
	for (size_t i = 0; i < half; i++)
		host_assert(to[i] == (char)byte);
	host_free(a);
	host_free(b);
	host_free(to);
}

/* Any two places of one piece. */
static void
move(struct fuzz_input *in)
{
	size_t from = fuzz_take(in, 1), to = fuzz_take(in, 1);
	size_t len = in->left;
	char *ours, *theirs;

	if (MAX(from, to) >= len)
		return;
	ours = host_copy(in->next, len);
	theirs = host_copy(in->next, len);
	memmove(ours + to, ours + from, len - MAX(from, to));
	__builtin_memmove(theirs + to, theirs + from, len - MAX(from, to));
	host_assert(__builtin_memcmp(ours, theirs, len) == 0);
	host_free(ours);
	host_free(theirs);
}

static void
strings(const char *a, const char *b, unsigned limit)
{
	char small[16];
	ssize_t copied = strscpy(small, a, 1 + limit % sizeof(small));

	host_assert(strlen(a) == __builtin_strlen(a));
	host_assert(strnlen(a, limit) == MIN(limit, strlen(a)));
	host_assert(sign(strcmp(a, b)) == sign(__builtin_strcmp(a, b)));
	host_assert(sign(strncmp(a, b, limit)) ==
	    sign(__builtin_strncmp(a, b, limit)));
	host_assert(strchr(a, *b) == __builtin_strchr(a, *b));
	host_assert(strrchr(a, *b) == __builtin_strrchr(a, *b));
	host_assert(strstr(a, b) == __builtin_strstr(a, b));
	host_assert(copied == -E2BIG || (size_t)copied == strlen(a));
	host_assert(strlen(small) == MIN(strlen(a), limit % sizeof(small)));
}

/* Whether pattern[0..i) matches name[0..j), for all i and j. */
static bool
glob_model(const char *pattern, const char *name)
{
	static bool match[TEXT_MAX + 1][TEXT_MAX + 1];
	size_t p = strlen(pattern), n = strlen(name);

	for (size_t i = 0; i <= p; i++) {
		for (size_t j = 0; j <= n; j++) {
			char c = i ? pattern[i - 1] : '\0';

			if (i == 0)
				match[i][j] = j == 0;
			else if (c == '*')
				match[i][j] = match[i - 1][j]
				    || (j && match[i][j - 1]);
			else
				match[i][j] = j && match[i - 1][j - 1]
				    && (c == '?' || c == name[j - 1]);
		}
	}
	return match[p][n];
}

static void
globs(const char *pattern, const char *name)
{
	bool any = false;

	host_assert(glob_match(pattern, name) == glob_model(pattern, name));
	for (const char *at = pattern; *at;) {
		char part[TEXT_MAX + 1];
		size_t len = 0;

		while (at[len] && at[len] != ',')
			len++;
		__builtin_memcpy(part, at, len);
		part[len] = '\0';
		any = any || glob_model(part, name);
		at += len + (at[len] == ',');
	}
	host_assert(glob_match_list(pattern, name) == any);
}

static unsigned
digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'z' ? (unsigned)(c - 'a') + 10 : 99;
}

/* Without prefixes; base 2..36. */
static void
numbers(const char *s, unsigned base)
{
	unsigned __int128 want = 0;
	uint64_t got = 77;
	const char *end = NULL;
	size_t len = 0;
	int err = strtou64(s, &end, base, &got);

	for (; digit(s[len]) < base && want <= UINT64_MAX; len++)
		want = want * base + digit(s[len]);
	if (s[0] == '0' && (s[1] | 0x20) == 'x')
		return;
	if (want > UINT64_MAX)
		host_assert(err == -ERANGE);
	else if (len == 0)
		host_assert(err == -EINVAL);
	else
		host_assert(err == 0 && got == want && end == s + len);
	if (err)
		host_assert(got == 77);
	host_assert((strtou64(s, NULL, base, &got) == 0) ==
	    (err == 0 && *end == '\0'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct fuzz_input in = { bytes, len_bytes };
	unsigned what = (unsigned)fuzz_take(&in, 1);
	unsigned limit = (unsigned)fuzz_take(&in, 1);
	size_t first;
	char *a, *b;

	if (what % 4 == 0)
		memory(&in);
	if (what % 4 == 1)
		move(&in);
	if (what % 4 < 2 || in.left > TEXT_MAX)
		return 0;
	first = in.left ? limit % in.left : 0;
	a = host_text(in.next, first);
	b = host_text(in.next + first, in.left - first);
	if (what % 4 == 2) {
		strings(a, b, limit);
		numbers(a, 2 + limit % 35);
		(void)!strtou64(b, NULL, 0, &(uint64_t){ 0 });
	} else {
		globs(a, b);
	}
	host_free(a);
	host_free(b);
	return 0;
}
