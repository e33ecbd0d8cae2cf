/* SPDX-License-Identifier: MIT */
/*
 * line_editor_fuzz.c - any keys; a model of one row of the screen shows
 * always what the line is.
 */
#include "line_editor.h"

#include <lab0/string.h>

#include "host.h"

enum { ROW = 80 };

static struct {
	char		text[ROW];
	unsigned	at;
} row;

static void
row_clear(void)
{
	memset(row.text, ' ', sizeof(row.text));
	row.at = 0;
}

static void
show(const char *text, size_t len_bytes)
{
	for (; len_bytes; len_bytes--, text++) {
		if (*text == '\n') {
			row_clear();
		} else if (*text == '\b') {
			host_assert(row.at > 0);
			row.at--;
		} else {
			host_assert(*text >= ' ' && *text <= '~');
			host_assert(row.at < ROW);
			row.text[row.at++] = *text;
		}
	}
}

static void
compare(const struct line_editor *e)
{
	host_assert(e->length <= LINE_CHARS && e->cursor <= e->length);
	host_assert(strnlen(e->text, sizeof(e->text)) == e->length);
	host_assert(row.at == e->cursor);
	host_assert(memcmp(row.text, e->text, e->length) == 0);
	for (unsigned i = e->length; i < ROW; i++)
		host_assert(row.text[i] == ' ');
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	static const struct line_editor fresh = { .show = show };
	struct line_editor editor = fresh;

	row_clear();
	line_start(&editor);
	for (size_t i = 0; i < len_bytes; i++) {
		if (line_feed(&editor, bytes[i]) == LINE_MORE) {
			compare(&editor);
			continue;
		}
		host_assert(row.at == 0);
		line_start(&editor);
	}
	return 0;
}
