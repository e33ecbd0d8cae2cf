/* SPDX-License-Identifier: MIT */
/*
 * option.h - boot options: NAME=VALUE words of the boot command line.
 *
 *	OPTION(seed, "HEX64", "start of the random numbers");
 *	... option_u64("seed", 16, &seed) ...
 *
 * Words are separated by blanks; a value may be quoted ("a b"); a word
 * without `=` has the value "". The last of several equal names counts. A
 * name that nobody registered is reported in one line and ignored.
 *
 * Owns      its copy of the command line.
 * Context   of all: any after option_parse; never sleeps.
 */
#ifndef LAB0_OPTION_H
#define LAB0_OPTION_H

#include <lab0/set.h>
#include <lab0/types.h>

enum { OPTION_LINE_MAX = 2048 };

struct option {
	const char	*name;
	const char	*values;	/* what it takes, for help */
	const char	*help;
};

SET_DECLARE(option);

#define OPTION(option_name, values_text, help_text) \
	static const struct option option_struct_##option_name = { \
		.name = #option_name, .values = values_text, \
		.help = help_text, \
	}; \
	SET_ADD(option, option_struct_##option_name)

/*
 * Read a command line; what an earlier call read is forgotten. Called by the
 * boot code before the first boot step.
 *
 * line      need not live on; what is longer than OPTION_LINE_MAX is cut
 */
void option_parse(const char *line);

/* One line for each word of the command line that no OPTION knows. */
void option_report_unknown(void);

/* The value; NULL: the option was not given. */
const char *option_get(const char *name);

/* Whether it was given, with or without a value. */
bool option_given(const char *name);

/* Whether its value, a comma list, has this word in it. */
bool option_has(const char *name, const char *word);

/*
 * Its value as a number.
 *
 * base      as in strtou64
 * returns   0 and the number in *out; otherwise *out is untouched
 * errors    -ENOENT  not given
 *           -EINVAL, -ERANGE  not a number (one line says so)
 */
must_check int option_u64(const char *name, unsigned base, uint64_t *out);

#endif
