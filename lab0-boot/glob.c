/* SPDX-License-Identifier: MIT */
/*
 * glob.c - names against patterns of `*` and `?`.
 *
 * Offers    glob_match, glob_match_list.
 * Stands on nothing; also builds on the host.
 * Source    Russ Cox, "Glob Matching Can Be Simple And Fast Too": only the
 *           last star ever needs another try, so no recursion.
 */
#include <lab0/string.h>

/* The pattern ends at pattern_end, which may be a comma of a list. */
static bool
match(const char *pattern, const char *pattern_end, const char *name)
{
	const char *star = NULL;	/* behind the last `*` passed */
	const char *retry = NULL;	/* where its run ends if it grows */

	while (*name) {
		if (pattern < pattern_end && *pattern == '*') {
			star = ++pattern;
			retry = name;
		} else if (pattern < pattern_end
		    && (*pattern == '?' || *pattern == *name)) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star;
			name = ++retry;
		} else {
			return false;
		}
	}
	while (pattern < pattern_end && *pattern == '*')
		pattern++;
	return pattern == pattern_end;
}

bool
glob_match(const char *pattern, const char *name)
{
	return match(pattern, pattern + strlen(pattern), name);
}

bool
glob_match_list(const char *patterns, const char *name)
{
	while (*patterns) {
		const char *end = strchr(patterns, ',');

		if (!end)
			end = patterns + strlen(patterns);
		if (match(patterns, end, name))
			return true;
		patterns = *end ? end + 1 : end;
	}
	return false;
}
