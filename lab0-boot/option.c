/* SPDX-License-Identifier: MIT */
/*
 * option.c - takes the boot command line apart and looks names up.
 *
 * Owns      a copy of the command line, cut into words in place.
 * Offers    all of option.h.         Stands on  string, printk.
 * Invariant (1) words lie one behind the other, each ended by a null byte and
 *               none empty; an empty one ends them.
 */
#include <lab0/option.h>

#include <lab0/errno.h>
#include <lab0/printk.h>
#include <lab0/string.h>

static char words[OPTION_LINE_MAX + 2];	/* the last two stay null */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Copy one word without its quotes; returns where it ended. */
static const char *
copy_word(const char *from, char **to, const char *to_end)
{
	bool quoted = false;

	for (; *from && (quoted || !is_blank(*from)); from++) {
		if (*from == '"')
			quoted = !quoted;
		else if (*to < to_end)
			*(*to)++ = *from;
	}
	return from;
}

void
option_parse(const char *line)
{
	char *to = words;
	const char *to_end = words + OPTION_LINE_MAX;

	memset(words, 0, sizeof(words));
	while (*line) {
		char *start = to;

		line = copy_word(line, &to, to_end);
		if (to > start && to < to_end)
			to++;				/* its null byte */
		while (is_blank(*line))
			line++;
	}
}

/* Whether a word is `name`, alone or with a value. */
static bool
word_is(const char *word, const char *name, size_t name_len)
{
	return strncmp(word, name, name_len) == 0
	    && (word[name_len] == '=' || word[name_len] == '\0');
}

/* Words from `at` on: the next one's start, NULL behind the last. */
static const char *
next_word(const char *at)
{
	at += strlen(at) + 1;
	return *at ? at : NULL;
}

const char *
option_get(const char *name)
{
	size_t len = strlen(name);
	const char *value = NULL;

	for (const char *at = *words ? words : NULL; at; at = next_word(at)) {
		if (word_is(at, name, len))
			value = at[len] ? at + len + 1 : "";
	}
	return value;
}

bool
option_given(const char *name)
{
	return option_get(name) != NULL;
}

bool
option_has(const char *name, const char *word)
{
	const char *at = option_get(name);
	size_t len = strlen(word);

	while (at) {
		if (strncmp(at, word, len) == 0
		    && (at[len] == ',' || at[len] == '\0'))
			return true;
		at = strchr(at, ',');
		at = at ? at + 1 : NULL;
	}
	return false;
}

int
option_u64(const char *name, unsigned base, uint64_t *out)
{
	const char *value = option_get(name);
	int err;

	if (!value)
		return -ENOENT;
	err = strtou64(value, NULL, base, out);
	if (err)
		printk(LOG_WARNING "boot option %s: `%s' is not a number\n",
		    name, value);
	return err;
}

static bool
known(const char *word)
{
	SET_FOREACH(const struct option, option, option) {
		if (word_is(word, option->name, strlen(option->name)))
			return true;
	}
	return false;
}

void
option_report_unknown(void)
{
	for (const char *at = *words ? words : NULL; at; at = next_word(at)) {
		if (!known(at))
			printk(LOG_WARNING "boot option `%s' is not known and"
			    " was ignored (the monitor's `options' lists"
			    " them)\n", at);
	}
}
