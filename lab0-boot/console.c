/* SPDX-License-Identifier: MIT */
/*
 * console.c - the consoles that are there, as one.
 *
 * Owns      the list of active consoles, the options console= and color=.
 * Offers    console_init, console_write, console_getc, console_color.
 * Stands on log.h, option.h.
 */
#include <lab0/console.h>

#include <lab0/errno.h>
#include <lab0/init.h>
#include <lab0/log.h>
#include <lab0/option.h>
#include <lab0/printk.h>
#include <lab0/string.h>
#include <lab0/todo.h>

OPTION(console, "serial,vga,fb,none", "the consoles to use; default all");
OPTION(color, "TEXT,GROUND", "colours of the screen: 0..15 on 0..7; "
    "default 7,0");

static const struct console *active[CONSOLE_MAX];
static unsigned nactive;
static enum console_color default_text = COLOR_GREY;
static enum console_color default_ground = COLOR_BLACK;

static void
read_color_option(void)
{
	const char *value = option_get("color");
	uint64_t text, ground;

	if (!value)
		return;
	if (strtou64(value, &value, 10, &text) || *value++ != ',' ||
	    strtou64(value, NULL, 10, &ground) || text > 15 || ground > 7) {
		printk(LOG_WARNING "option color=: expected TEXT,GROUND with "
		    "0..15 and 0..7\n");
		return;
	}
	default_text = (enum console_color)text;
	default_ground = (enum console_color)ground;
}

static void
start(const struct console *console)
{
	if (option_given("console") && !option_has("console", console->name))
		return;
	if (nactive == CONSOLE_MAX) {
		printk(LOG_WARNING "console %s: left out, there are %u "
		    "already\n", console->name, nactive);
		return;
	}
	if (console->exercise && !exercise_written(console->exercise)) {
		printk(LOG_NOTICE "console %s: left out, exercise %s is not "
		    "written yet\n", console->name, console->exercise);
		return;
	}
	if (console->probe() != 0)
		return;

	if (console->color)
		console->color(default_text, default_ground);
	log_replay(console->write);
	active[nactive++] = console;
}

int
console_init(void)
{
	read_color_option();
	SET_FOREACH(const struct console, console, console)
		start(console);
	return nactive ? 0 : -ENODEV;
}
INIT(console_init);

void
console_write(const char *text, size_t len_bytes)
{
	for (unsigned i = 0; i < nactive; i++)
		active[i]->write(text, len_bytes);
}

int
console_getc(void)
{
	for (unsigned i = 0; i < nactive; i++) {
		int c = active[i]->read ? active[i]->read() : -1;

		if (c >= 0)
			return c;
	}
	return -1;
}

bool
console_has_input(void)
{
	for (unsigned i = 0; i < nactive; i++)
		if (active[i]->read)
			return true;
	return false;
}

void
console_color(enum console_color text, enum console_color ground)
{
	for (unsigned i = 0; i < nactive; i++)
		if (active[i]->color)
			active[i]->color(text, ground);
}

void
console_color_default(void)
{
	console_color(default_text, default_ground);
}
