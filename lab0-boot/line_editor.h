/* SPDX-License-Identifier: MIT */
/*
 * line_editor.h - typing a line: cursor keys, deletion, history.
 *
 * Fed byte by byte with what a VT100 keyboard sends; shows what happens with
 * printable characters, '\b' and '\n' only, so that any screen will do. A line
 * and its prompt fit one row of 80 columns.
 *
 * Keys      left, right, Home ^A, End ^E, backspace, Delete ^D, ^U, ^K, up ^P,
 *           down ^N, ^C.
 * Stands on string.h; also builds on the host.
 */
#ifndef LINE_EDITOR_H
#define LINE_EDITOR_H

#include <lab0/types.h>

enum {
	LINE_CHARS = 70,		/* longest line */
	LINE_HISTORY = 16,
};

enum line_event {
	LINE_MORE,			/* still typing */
	LINE_DONE,			/* Enter: the line is in text */
	LINE_TOO_LONG,			/* Enter, but some of it was refused */
	LINE_CANCELLED,			/* ^C */
};

struct line_editor {
	char		text[LINE_CHARS + 1];	/* ended by a null byte */
	unsigned	length, cursor;		/* cursor <= length */
	bool		refused;		/* characters did not fit */
	bool		after_return;		/* a '\n' now belongs to it */
	enum line_keys { KEYS_PLAIN, KEYS_ESCAPE, KEYS_CSI } keys;
	char		parameter;		/* of a CSI sequence */
	unsigned	nhistory;		/* lines ever kept */
	unsigned	back;			/* 0 here, 1 last line ... */
	char		kept[LINE_CHARS + 1];	/* typed before going back */
	char		history[LINE_HISTORY][LINE_CHARS + 1];
	void		(*show)(const char *text, size_t len_bytes);
};

/* Begin an empty line; `show` must be set. History stays. */
void line_start(struct line_editor *e);

/* Take one byte. */
enum line_event line_feed(struct line_editor *e, uint8_t byte);

#endif
