/* SPDX-License-Identifier: MIT */
/*
 * line_editor.c - typing a line.
 *
 * Offers    line_start, line_feed.
 * Stands on string.h.
 * Source    ECMA-48 5.4 "Control sequences"; DEC VT100 User Guide, chapter 3.
 */
#include "line_editor.h"

#include <lab0/string.h>

#define CTRL(letter) ((letter) - '@')

enum { DELETE = 0x7f, ESCAPE = 0x1b };

static void
show_repeated(struct line_editor *e, char c, unsigned n)
{
	while (n--)
		e->show(&c, 1);
}

static void
move_to(struct line_editor *e, unsigned cursor)
{
	if (cursor > e->length)
		cursor = e->length;
	if (cursor < e->cursor)
		show_repeated(e, '\b', e->cursor - cursor);
	else
		e->show(&e->text[e->cursor], cursor - e->cursor);
	e->cursor = cursor;
}

/* Replace text[from, to) by nothing; the cursor goes to `from`. */
static void
erase(struct line_editor *e, unsigned from, unsigned to)
{
	unsigned tail = e->length - to;

	move_to(e, from);
	memmove(&e->text[from], &e->text[to], tail + 1);
	e->length = from + tail;
	e->show(&e->text[from], tail);
	show_repeated(e, ' ', to - from);
	show_repeated(e, '\b', tail + to - from);
}

static void
insert(struct line_editor *e, char c)
{
	if (e->length == LINE_CHARS) {
		e->refused = true;
		return;
	}
	memmove(&e->text[e->cursor + 1], &e->text[e->cursor],
	    e->length - e->cursor + 1);
	e->text[e->cursor] = c;
	e->length++;
	e->show(&e->text[e->cursor], e->length - e->cursor);
	e->cursor++;
	show_repeated(e, '\b', e->length - e->cursor);
}

static void
replace(struct line_editor *e, const char *text)
{
	erase(e, 0, e->length);
	for (; *text; text++)
		insert(e, *text);
}

static char *
history_line(struct line_editor *e, unsigned back)
{
	return e->history[(e->nhistory - back) % LINE_HISTORY];
}

/* Go to the line `back` lines ago; 0 is the one being typed. */
static void
recall(struct line_editor *e, unsigned back)
{
	if (back > e->nhistory || back > LINE_HISTORY)
		return;
	if (e->back == 0)
		strscpy(e->kept, e->text, sizeof(e->kept));
	e->back = back;
	replace(e, back ? history_line(e, back) : e->kept);
}

static void
remember(struct line_editor *e)
{
	if (e->length == 0 || (e->nhistory &&
	    strcmp(history_line(e, 1), e->text) == 0))
		return;
	strscpy(e->history[e->nhistory % LINE_HISTORY], e->text,
	    sizeof(e->kept));
	e->nhistory++;
}

static void
key_up_or_down(struct line_editor *e, bool up)
{
	if (up)
		recall(e, e->back + 1);
	else if (e->back > 0)
		recall(e, e->back - 1);
}

static void
key_delete(struct line_editor *e)
{
	if (e->cursor < e->length)
		erase(e, e->cursor, e->cursor + 1);
}

static void
key_backspace(struct line_editor *e)
{
	if (e->cursor > 0)
		erase(e, e->cursor - 1, e->cursor);
}

/* The last byte of ESC [ ... */
static void
end_sequence(struct line_editor *e, uint8_t byte)
{
	switch (byte) {
	case 'A':
	case 'B':
		key_up_or_down(e, byte == 'A');
		break;
	case 'C':
		move_to(e, e->cursor + 1);
		break;
	case 'D':
		move_to(e, e->cursor ? e->cursor - 1 : 0);
		break;
	case 'H':
		move_to(e, 0);
		break;
	case 'F':
		move_to(e, e->length);
		break;
	case '~':
		if (e->parameter == '3')
			key_delete(e);
		break;
	}
}

/* Bytes of an escape sequence; false: this byte is not part of one. */
static bool
feed_sequence(struct line_editor *e, uint8_t byte)
{
	if (byte == ESCAPE) {
		e->keys = KEYS_ESCAPE;
		e->parameter = 0;
		return true;
	}
	if (e->keys == KEYS_ESCAPE) {
		bool introduced = byte == '[' || byte == 'O';

		e->keys = introduced ? KEYS_CSI : KEYS_PLAIN;
		return introduced;
	}
	if (e->keys != KEYS_CSI)
		return false;
	if (byte >= 0x20 && byte < 0x40) {
		e->parameter = (char)byte;
		return true;
	}
	e->keys = KEYS_PLAIN;
	end_sequence(e, byte);
	return byte >= 0x40;
}

static void
feed_key(struct line_editor *e, uint8_t byte)
{
	switch (byte) {
	case CTRL('A'):
		move_to(e, 0);
		break;
	case CTRL('E'):
		move_to(e, e->length);
		break;
	case CTRL('B'):
		move_to(e, e->cursor ? e->cursor - 1 : 0);
		break;
	case CTRL('F'):
		move_to(e, e->cursor + 1);
		break;
	case CTRL('U'):
		erase(e, 0, e->cursor);
		break;
	case CTRL('K'):
		erase(e, e->cursor, e->length);
		break;
	case CTRL('P'):
	case CTRL('N'):
		key_up_or_down(e, byte == CTRL('P'));
		break;
	case CTRL('D'):
		key_delete(e);
		break;
	case '\b':
	case DELETE:
		key_backspace(e);
		break;
	default:
		if (byte >= ' ' && byte < DELETE)
			insert(e, (char)byte);
	}
}

void
line_start(struct line_editor *e)
{
	e->length = 0;
	e->cursor = 0;
	e->text[0] = '\0';
	e->refused = false;
	e->back = 0;
}

static enum line_event
finish(struct line_editor *e)
{
	e->show("\n", 1);
	if (e->refused)
		return LINE_TOO_LONG;
	remember(e);
	return LINE_DONE;
}

enum line_event
line_feed(struct line_editor *e, uint8_t byte)
{
	bool second = e->after_return && byte == '\n';

	e->after_return = byte == '\r';
	if (second)			/* of "\r\n" */
		return LINE_MORE;
	if (feed_sequence(e, byte))
		return LINE_MORE;
	if (byte == '\r' || byte == '\n')
		return finish(e);
	if (byte == CTRL('C')) {
		e->show("^C\n", 3);
		return LINE_CANCELLED;
	}
	feed_key(e, byte);
	return LINE_MORE;
}
