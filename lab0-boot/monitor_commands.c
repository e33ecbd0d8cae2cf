/* SPDX-License-Identifier: MIT */
/*
 * monitor_commands.c - the commands that belong to no other file.
 *
 * Offers    the monitor commands log, cpuid, options, test.
 * Stands on log, option, ktest.
 */
#include <lab0/monitor.h>

#include <lab0/console.h>
#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/ktest.h>
#include <lab0/log.h>
#include <lab0/option.h>
#include <lab0/printk.h>
#include <lab0/random.h>

enum { LOG_LINES_DEFAULT = 20 };

static int
log_command(int argc, char **argv)
{
	uint64_t lines = LOG_LINES_DEFAULT;

	if (argc > 2 || (argc == 2 && monitor_number(argv[1], &lines)))
		return -EINVAL;
	log_dump(lines, console_write);
	return 0;
}
MONITOR_COMMAND(log, "[LINES]", "the last messages, of all levels",
    log_command);

static int
cpuid_command(int argc, char **argv)
{
	uint64_t leaf = 0, subleaf = 0;

	if (argc > 3 || (argc > 1 && monitor_number(argv[1], &leaf)) ||
	    (argc > 2 && monitor_number(argv[2], &subleaf)) ||
	    leaf > UINT32_MAX || subleaf > UINT32_MAX)
		return -EINVAL;
	struct cpuid_leaf r = cpuid((uint32_t)leaf, (uint32_t)subleaf);
	console_printf("eax %08x  ebx %08x  ecx %08x  edx %08x\n", r.eax,
	    r.ebx, r.ecx, r.edx);
	return 0;
}
MONITOR_COMMAND(cpuid, "[LEAF [SUBLEAF]]", "what the CPU says of itself",
    cpuid_command);

static int
options_command(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return -EINVAL;
	SET_FOREACH(const struct option, option, option) {
		const char *value = option_get(option->name);

		console_printf("  %s=%s  %s\n", option->name, option->values,
		    option->help);
		if (value)
			console_printf("      now: %s\n", value);
	}
	return 0;
}
MONITOR_COMMAND(options, "", "the boot options", options_command);

static int
test_command(int argc, char **argv)
{
	if (argc < 2 || argc > 3)
		return -EINVAL;
	if (SET_COUNT(ktest) == 0) {
		console_printf("this image has no tests; stageN-test has\n");
		return 0;
	}
	unsigned failed = ktest_run(argv[1], argc > 2 ? argv[2] : "",
	    random_seed());
	console_printf("%u failed; the verdict port has the details\n",
	    failed);
	return 0;
}
MONITOR_COMMAND(test, "NAMES [SKIP]", "run tests, e.g. `test all`",
    test_command);
