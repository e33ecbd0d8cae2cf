/* SPDX-License-Identifier: MIT */
/*
 * console.h - where text goes to and keys come from.
 *
 * A driver ends with its struct console and CONSOLE_ADD; nobody else needs its
 * name. console_init probes every member of the set and keeps those that the
 * option `console=` allows; text goes to all kept ones, keys come from any.
 */
#ifndef LAB0_CONSOLE_H
#define LAB0_CONSOLE_H

#include <lab0/set.h>
#include <lab0/types.h>

enum { CONSOLE_MAX = 8 };

/* The colours of the PC's text mode; 8..15 are the bright ones. */
enum console_color {
	COLOR_BLACK, COLOR_BLUE, COLOR_GREEN, COLOR_CYAN, COLOR_RED,
	COLOR_MAGENTA, COLOR_BROWN, COLOR_GREY, COLOR_DARK_GREY,
	COLOR_BRIGHT_BLUE, COLOR_BRIGHT_GREEN, COLOR_BRIGHT_CYAN,
	COLOR_BRIGHT_RED, COLOR_BRIGHT_MAGENTA, COLOR_YELLOW, COLOR_WHITE,
};

struct console {
	const char	*name;		/* as in `console=` */
	const char	*exercise;	/* it stands on, or NULL */
	int		(*probe)(void);	/* 0: there and ready, or -Exxx */
	void		(*write)(const char *text, size_t len_bytes);
	int		(*read)(void);	/* next byte or -1; NULL: no keys */
	void		(*color)(enum console_color text,
			    enum console_color ground); /* or NULL */
};

SET_DECLARE(console);

#define CONSOLE_ADD(object) SET_ADD(console, object)

/*
 * Probe the consoles and start those that are there and allowed; shows them
 * what the log holds so far.
 *
 * returns   0; -ENODEV: no console at all (the log goes on without)
 */
int console_init(void);

/*
 * Show text on every console. '\n' starts a new line; before console_init
 * nothing is shown.
 *
 * context   any; never sleeps, bounded waits only
 */
void console_write(const char *text, size_t len_bytes);

/*
 * A byte typed on any console.
 *
 * returns   0..255; -1: nothing typed
 * context   any
 */
int console_getc(void);

/* Whether any console can be typed on. */
bool console_has_input(void);

/* Colours of the text that follows, where a console has colours. */
void console_color(enum console_color text, enum console_color ground);

/* Back to the colours of the option `color=`. */
void console_color_default(void);

#endif
