/* SPDX-License-Identifier: MIT */
/*
 * boot.c - the first C code: facts, boot steps, and then boot_main.
 *
 * Owns      the boot CPU's per-CPU head, the order of the boot.
 * Offers    kernel_main, boot_main.
 * Stands on early_paging, bootfacts, option, the two boot sets.
 */
#include <lab0/init.h>

#include <lab0/bench.h>
#include <lab0/bootfacts.h>
#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/ktest.h>
#include <lab0/memory_layout.h>
#include <lab0/monitor.h>
#include <lab0/option.h>
#include <lab0/panic.h>
#include <lab0/percpu.h>
#include <lab0/power.h>
#include <lab0/printk.h>
#include <lab0/random.h>
#include <lab0/string.h>
#include <lab0/todo.h>
#include <lab0/verdict.h>

#include "early_paging.h"

OPTION(test, "NAMES", "run these tests (comma list of globs; all), then exit");
OPTION(skip, "NAMES", "tests that test= leaves out");
OPTION(bench, "NAMES", "measure these figures, then exit");
OPTION(main, "monitor|exit|poweroff|reboot|halt|clock",
    "what follows the boot; clock: say how long it took, then exit; "
    "default monitor");

/* The boot CPU's; entry.asm has pointed GS here. */
__attribute__((section(".percpu.head"), used))
static struct percpu_head boot_cpu_head;

uint64_t boot_entry_tsc;

/* For `make bench`: the TSC at the kernel's entry and now. */
static noreturn void
main_clock(void)
{
	uint64_t ready = rdtsc();

	verdict_begin();
	verdict_str("entered ");
	verdict_hex(boot_entry_tsc);
	verdict_end();
	verdict_begin();
	verdict_str("ready ");
	verdict_hex(ready);
	verdict_end();
	verdict_exit(EXIT_OK);
}

static void
main_default(void)
{
	const char *what = option_get("main");

	if (!what || strcmp(what, "monitor") == 0)
		monitor_main();
	if (strcmp(what, "exit") == 0)
		verdict_exit(EXIT_OK);
	if (strcmp(what, "clock") == 0)
		main_clock();
	if (strcmp(what, "poweroff") == 0)
		machine_poweroff();
	if (strcmp(what, "reboot") == 0)
		machine_reboot();
	if (strcmp(what, "halt") == 0)
		machine_halt();
	printk(LOG_WARNING "main=%s: not one of monitor, exit, poweroff, "
	    "reboot, halt; taking monitor\n", what);
	monitor_main();
}

static const struct boot_main monitor_main_ops = { .run = main_default };
SINGLETON_DEFINE(struct boot_main, boot_main, monitor_main_ops);

static void
run_step(const struct init_step *step)
{
	int err;

	if (step->exercise && !exercise_written(step->exercise)) {
		printk(LOG_NOTICE "lab%u %s left out: exercise %s is not "
		    "written yet\n", step->lab, step->name, step->exercise);
		return;
	}
	err = step->run();
	if (err)
		printk(LOG_ERR "lab%u %s failed: %s\n", step->lab, step->name,
		    errno_text(err));
	else
		printk(LOG_DEBUG "lab%u %s ok\n", step->lab, step->name);
}

/* One verdict line for each exercise that is still a stub. */
static void
name_unwritten(void)
{
	const char *last = "";

	SET_FOREACH(const char, unwritten, todo) {
		if (strcmp(unwritten, last) == 0)
			continue;
		last = unwritten;
		verdict_begin();
		verdict_str("# exercise ");
		verdict_str(last);
		verdict_str(" is not written yet");
		verdict_end();
	}
}

static void
run_tests(void)
{
	const char *skip = option_get("skip");
	unsigned failed;

	if (option_get("bench"))
		bench_run(option_get("bench"));
	if (option_get("test")) {
		failed = ktest_run(option_get("test"), skip ? skip : "",
		    random_seed());
		verdict_exit(failed ? EXIT_FAIL : EXIT_OK);
	}
	if (option_get("bench"))
		verdict_exit(EXIT_OK);
}

/* Sets this CPU's canary, so it has none of its own to check. */
no_stack_protector void
kernel_main(uint32_t magic, paddr_t info)
{
	percpu_self()->canary = (rdtsc() * 0x9e3779b97f4a7c15ul) & ~0xfful;
	early_paging_protect();
	bootfacts_init(magic, info);
	option_parse(boot_facts()->cmdline);

	SET_FOREACH(const struct init_step, step, init)
		run_step(step);
	SET_FOREACH(const struct init_step, late, init_late)
		run_step(late);
	option_report_unknown();
	name_unwritten();

	run_tests();
	boot_main->run();
	panic("boot_main returned");
}
