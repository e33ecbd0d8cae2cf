/* SPDX-License-Identifier: MIT */
/*
 * option_fuzz.c - any text as the command line, against a plain model: the
 * list of its words.
 */
#include <lab0/option.h>

#include <lab0/errno.h>
#include <lab0/string.h>

#include "host.h"

enum { WORDS = OPTION_LINE_MAX / 2 + 1 };

/* Words without their quotes, one behind the other, each with its null byte. */
static struct {
	char	text[OPTION_LINE_MAX + 1];
	char	*words[WORDS];
	size_t	nwords;
} model;

static bool
blank(char c)
{
	return strchr(" \t\r\n", c) != NULL;
}

static void
model_parse(const char *line)
{
	char *to = model.text;

	model.nwords = 0;
	while (*line) {
		char *word = to;
		bool quoted = false;

		for (; *line && (quoted || !blank(*line)); line++) {
			quoted ^= *line == '"';
			if (*line != '"')
				*to++ = *line;
		}
		if (to > word) {
			*to++ = '\0';
			model.words[model.nwords++] = word;
		}
		while (*line && blank(*line))
			line++;
	}
}

/* The value that the last word of this name has; NULL: there is none. */
static const char *
model_get(const char *name, size_t len)
{
	for (size_t i = model.nwords; i-- > 0;) {
		const char *word = model.words[i];

		if (strncmp(word, name, len) == 0 && word[len] == '=')
			return word + len + 1;
		if (strncmp(word, name, len) == 0 && word[len] == '\0')
			return "";
	}
	return NULL;
}

static void
compare(const char *word)
{
	char name[OPTION_LINE_MAX + 1];
	size_t len = 0;
	const char *want, *got;

	for (; word[len] && word[len] != '='; len++)
		name[len] = word[len];
	name[len] = '\0';
	want = model_get(name, len);
	got = option_get(name);
	host_assert(want && got && strcmp(want, got) == 0);
	host_assert(option_given(name));
}

static void
ask(void)
{
	uint64_t value;

	(void)option_has("console", "vga");
	if (option_u64("seed", 16, &value) == -ENOENT)
		host_assert(!option_get("seed"));
	option_report_unknown();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	char *line = host_text(bytes, len_bytes);

	option_parse(line);
	ask();
	if (strlen(line) < OPTION_LINE_MAX / 2) {
		model_parse(line);
		for (size_t i = 0; i < model.nwords && i < 64; i++)
			compare(model.words[i]);
	}
	host_free(line);
	return 0;
}
