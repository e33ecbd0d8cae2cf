/* SPDX-License-Identifier: MIT */
/*
 * line_editor_test.c - the prompt's line, typed key by key.
 *
 * A little screen of one row plays the terminal, so that what is seen is
 * compared too, not only what is stored.
 */
#include "line_editor.h"

#include <lab0/ktest.h>
#include <lab0/string.h>

enum { WIDTH = 80 };

static char screen[WIDTH + 1];
static unsigned column;
static struct line_editor editor;

static void
show(const char *text, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes; i++) {
		if (text[i] == '\b')
			column -= column > 0;
		else if (text[i] != '\n' && column < WIDTH)
			screen[column++] = text[i];
	}
}

static void
begin(void)
{
	memset(screen, ' ', WIDTH);
	column = 0;
	editor.show = show;
	line_start(&editor);
}

static enum line_event
type(const char *keys)
{
	enum line_event event = LINE_MORE;

	for (; *keys && event == LINE_MORE; keys++)
		event = line_feed(&editor, (uint8_t)*keys);
	return event;
}

/* What stands on the screen is the line, and blanks. */
static bool
screen_agrees(void)
{
	if (memcmp(screen, editor.text, editor.length) != 0 ||
	    column != editor.cursor)
		return false;
	for (unsigned i = editor.length; i < WIDTH; i++)
		if (screen[i] != ' ')
			return false;
	return true;
}

KTEST(line_keys_edit_the_line)
{
	static const struct {
		const char *keys, *line;
	} cases[] = {
		{ "help", "help" },
		{ "hexlp\b\b\blp", "help" },
		{ "elp\001h", "help" },
		{ "elp\033[Hh\033[F me", "help me" },
		{ "abc\033[D\033[Dx", "axbc" },
		{ "abc\033[D\033[D\033[3~", "ac" },
		{ "abcdef\033[D\033[D\025", "ef" },
		{ "abcdef\033[D\033[D\013", "abcd" },
		{ "\b\033[D\033[C\0333x", "3x" },
		{ "a\033[1;5Cb\001\002\013\005", "" },
		{ "caf\xc3\xa9\x01\x7f", "caf" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		begin();
		expect_eq(type(cases[i].keys), LINE_MORE);
		expect_streq(editor.text, cases[i].line);
		expect(screen_agrees());
	}
}

KTEST(line_ends_and_is_cancelled)
{
	begin();
	expect_eq(type("facts\r"), LINE_DONE);
	expect_streq(editor.text, "facts");
	begin();
	expect_eq(type("\nlog"), LINE_MORE);	/* belongs to the \r */
	expect_streq(editor.text, "log");
	expect_eq(type("\003"), LINE_CANCELLED);
	begin();
	expect_eq(type("\n"), LINE_DONE);
}

KTEST(line_too_long_is_refused)
{
	begin();
	for (unsigned i = 0; i < LINE_CHARS; i++)
		line_feed(&editor, 'x');
	expect_eq(type("y"), LINE_MORE);
	expect_eq(editor.length, LINE_CHARS);
	expect_eq(type("\r"), LINE_TOO_LONG);
	begin();
	expect_eq(type("ok\r"), LINE_DONE);
}

KTEST(line_history_goes_back_and_forth)
{
	memset(&editor, 0, sizeof(editor));
	begin();
	type("one\r");
	begin();
	type("two\r");
	begin();
	type("two\r");			/* kept once */
	begin();
	type("thr\033[A");
	expect_streq(editor.text, "two");
	expect(screen_agrees());
	type("\033[A\033[A\033[A");
	expect_streq(editor.text, "one");
	type("\033[B\033[B");
	expect_streq(editor.text, "thr");
	type("\033[B");
	expect_streq(editor.text, "thr");
	for (unsigned i = 0; i < 2 * LINE_HISTORY; i++) {
		char line[] = "a?\r";

		line[1] = (char)('A' + i % 26);
		begin();
		type(line);
	}
	begin();
	for (unsigned i = 0; i < 2 * LINE_HISTORY; i++)
		type("\033[A");
	expect_eq(editor.back, LINE_HISTORY);
	expect(screen_agrees());
}

KTEST(line_survives_any_keys)
{
	begin();
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t key = (uint8_t)ktest_random();

		if (ktest_random_below(4) == 0)
			key = "\033[ABCD~3\001\005\013\025"
			    [ktest_random_below(12)];
		if (line_feed(&editor, key) != LINE_MORE)
			begin();
		expect(editor.cursor <= editor.length);
		expect(editor.length <= LINE_CHARS);
		expect_eq(strlen(editor.text), editor.length);
		expect(screen_agrees());
	}
}
