/* SPDX-License-Identifier: MIT */
/*
 * stack_trace.c - a backtrace as text.
 *
 * A return address may lie behind its function, when the call that pushed it
 * was the function's last instruction; so names are looked up one byte before.
 *
 * Owns      stack_ops, the set of stacks and the boot stack in it.
 * Offers    backtrace_print, the monitor command backtrace.
 * Stands on backtrace.h (exercise 0.4), symbols.h.
 */
#include <lab0/backtrace.h>

#include <lab0/memory_layout.h>
#include <lab0/monitor.h>
#include <lab0/printk.h>
#include <lab0/todo.h>

enum { DEPTH_MAX = 32 };

static const struct stack_area boot_stack_area = {
	.name = "boot stack",
	.lo = (vaddr_t)boot_stack,
	.hi = (vaddr_t)boot_stack_top,
};
SET_ADD(stack_area, boot_stack_area);

static struct stack_bounds
area_bounds(vaddr_t address)
{
	SET_FOREACH(const struct stack_area, area, stack_area) {
		if (address >= area->lo && address < area->hi)
			return (struct stack_bounds){ area->lo, area->hi };
	}
	return (struct stack_bounds){ 0, 0 };
}

static const struct stack_ops area_stack_ops = {
	.bounds = area_bounds,
};
SINGLETON_DEFINE(struct stack_ops, stack_ops, area_stack_ops);

static void
print_frame(unsigned number, uint64_t address)
{
	uint64_t offset;
	const char *name = symbol_name(address - 1, &offset);

	if (name)
		console_printf("  #%u %016lx %s+0x%lx\n", number, address, name,
		    offset + 1);
	else
		console_printf("  #%u %016lx ?\n", number, address);
}

void
backtrace_print(uint64_t rbp)
{
	struct stack_bounds bounds = stack_ops->bounds(rbp);
	uint64_t addresses[DEPTH_MAX];

	if (!exercise_written("0.4")) {
		console_printf("backtrace: exercise 0.4 is not written yet\n");
		return;
	}
	unsigned n = backtrace_walk(rbp, &bounds, addresses, DEPTH_MAX);
	console_printf("backtrace, innermost call first:\n");
	for (unsigned i = 0; i < n && i < DEPTH_MAX; i++)
		print_frame(i, addresses[i]);
}

static int
backtrace_command(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	backtrace_print(backtrace_here());
	return 0;
}
MONITOR_COMMAND(backtrace, "", "who called whom, down to here",
    backtrace_command);
