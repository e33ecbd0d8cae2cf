/* SPDX-License-Identifier: MIT */
/*
 * monitor.h - the kernel's prompt; every floor adds commands to it.
 *
 *	static int
 *	frames_command(int argc, char **argv)
 *	...
 *	MONITOR_COMMAND(frames, "[PFN]", "show free page frames",
 *	    frames_command);
 */
#ifndef LAB0_MONITOR_H
#define LAB0_MONITOR_H

#include <lab0/set.h>
#include <lab0/types.h>

enum { MONITOR_ARGS_MAX = 8 };

struct monitor_command {
	const char	*name;
	const char	*arguments;	/* for help; "" if none */
	const char	*help;		/* one line */
	/* argv[0] is the name; 0, or -EINVAL: wrong arguments, or -Exxx */
	int		(*run)(int argc, char **argv);
};

SET_DECLARE(monitor_command);

#define MONITOR_COMMAND(cmd, args, text, fn) \
	static const struct monitor_command monitor_command_##cmd = { \
		.name = #cmd, .arguments = args, .help = text, .run = fn, \
	}; \
	SET_ADD(monitor_command, monitor_command_##cmd)

/*
 * Run one command line.
 *
 * line      is cut into words in place
 * returns   what the command returned; -ENOENT: no such command; -E2BIG: too
 *           many words; the reason has been printed
 */
int monitor_execute(char *line);

/* Read and run commands until the machine ends. */
noreturn void monitor_main(void);

/*
 * An argument as a number: decimal, or hexadecimal after 0x.
 *
 * returns   0; -EINVAL: not a number
 */
must_check int monitor_number(const char *text, uint64_t *out);

#endif
