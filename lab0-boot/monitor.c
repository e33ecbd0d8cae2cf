/* SPDX-License-Identifier: MIT */
/*
 * monitor.c - the kernel's prompt.
 *
 * Owns      the line being typed.
 * Offers    monitor_main, monitor_execute, monitor_number; the command help.
 * Stands on console, line_editor, idle, the set monitor_command.
 */
#include <lab0/monitor.h>

#include <lab0/console.h>
#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/idle.h>
#include <lab0/printk.h>
#include <lab0/string.h>
#include <lab0/todo.h>
#include <lab0/verdict.h>

#include "line_editor.h"

static const char prompt[] = "strata> ";

static struct line_editor editor = { .show = console_write };

static const struct monitor_command *
find(const char *name)
{
	SET_FOREACH(const struct monitor_command, command, monitor_command)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}

/* Cut into words; returns their number, or -E2BIG. */
static int
split(char *line, char **words)
{
	int n = 0;

	for (;;) {
		while (*line == ' ')
			*line++ = '\0';
		if (!*line)
			break;
		if (n == MONITOR_ARGS_MAX)
			return -E2BIG;
		words[n++] = line;
		while (*line && *line != ' ')
			line++;
	}
	return n;
}

int
monitor_execute(char *line)
{
	char *words[MONITOR_ARGS_MAX];
	int n = split(line, words);

	if (n < 0) {
		console_printf("too many words: at most %d\n",
		    MONITOR_ARGS_MAX);
		return n;
	}
	if (n == 0)
		return 0;
	const struct monitor_command *command = find(words[0]);
	if (!command) {
		console_printf("%s: no such command; `help` lists them\n",
		    words[0]);
		return -ENOENT;
	}
	int err = command->run(n, words);
	if (err == -EINVAL)
		console_printf("usage: %s %s\n", command->name,
		    command->arguments);
	else if (err)
		console_printf("%s: %s\n", command->name, errno_text(err));
	return err;
}

int
monitor_number(const char *text, uint64_t *out)
{
	return strtou64(text, NULL, 0, out) ? -EINVAL : 0;
}

/* Nothing to type on: waiting would be for ever. */
static noreturn void
end_without_input(void)
{
	printk(LOG_WARNING "monitor: there is no console to type on\n");
	verdict_line("# monitor: there is no console to type on");
	if (!exercise_written("0.1"))
		todo_reached("0.1", "uart_getc", LAB_DIR);
	verdict_exit(EXIT_FAIL);
}

/* The next key; the last look and the wait are one, see idle.h. */
static uint8_t
wait_key(void)
{
	for (;;) {
		uint64_t flags = irq_save();
		int c = console_getc();

		if (c < 0)
			idle(flags);
		irq_restore(flags);
		if (c >= 0)
			return (uint8_t)c;
	}
}

static enum line_event
read_line(void)
{
	enum line_event event = LINE_MORE;

	line_start(&editor);
	console_write(prompt, sizeof(prompt) - 1);
	while (event == LINE_MORE)
		event = line_feed(&editor, wait_key());
	return event;
}

void
monitor_main(void)
{
	if (!console_has_input())
		end_without_input();
	for (;;) {
		enum line_event event = read_line();

		if (event == LINE_DONE)
			monitor_execute(editor.text);
		else if (event == LINE_TOO_LONG)
			console_printf("line too long, not run: at most %d "
			    "characters\n", LINE_CHARS);
	}
}

static int
help_command(int argc, char **argv)
{
	if (argc > 2 || (argc == 2 && !find(argv[1])))
		return -EINVAL;
	SET_FOREACH(const struct monitor_command, command, monitor_command)
		if (argc == 1 || command == find(argv[1]))
			console_printf("  %-10s %-22s %s\n", command->name,
			    command->arguments, command->help);
	return 0;
}
MONITOR_COMMAND(help, "[COMMAND]", "this list", help_command);
