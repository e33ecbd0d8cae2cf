/* SPDX-License-Identifier: MIT */
/*
 * init.h - boot steps, and what runs after them.
 *
 * A step is an `int step(void)`: 0 or a negative errno. Steps run in link
 * order, which is the order of lab.mk. Two sets only: INIT with interrupts
 * off, INIT_LATE with interrupts on. INIT_EX names the exercise that a step
 * stands on: while that is not written the step is left out, with one line.
 */
#ifndef LAB0_INIT_H
#define LAB0_INIT_H

#include <lab0/set.h>
#include <lab0/singleton.h>
#include <lab0/types.h>

struct init_step {
	int		(*run)(void);
	const char	*name;
	const char	*exercise;	/* or NULL: stands on provided code */
	unsigned	lab;
};

SET_DECLARE(init);
SET_DECLARE(init_late);

#define INIT_STEP(set, fn, ex) \
	static const struct init_step init_step_##fn = { \
		.run = fn, .name = #fn, .exercise = ex, .lab = LAB, \
	}; \
	SET_ADD(set, init_step_##fn)

#define INIT(fn) INIT_STEP(init, fn, NULL)
#define INIT_EX(fn, ex) INIT_STEP(init, fn, ex)
#define INIT_LATE(fn) INIT_STEP(init_late, fn, NULL)
#define INIT_LATE_EX(fn, ex) INIT_STEP(init_late, fn, ex)

/*
 * What the boot CPU does when all steps have run; `run` never returns. A
 * singleton: the default is the monitor, an upper floor puts its own in from
 * a boot step.
 */
struct boot_main {
	void (*run)(void);
};

SINGLETON_DECLARE(struct boot_main, boot_main);

/*
 * First C function, in 64-bit mode on the boot stack, interrupts off.
 *
 * magic     0x36d76289 (Multiboot2) or BOOT_MAGIC_PVH
 * info      physical address of that protocol's information
 */
noreturn void kernel_main(uint32_t magic, paddr_t info);

/* TSC as the entry code found it, for the boot's own share of time. */
extern uint64_t boot_entry_tsc;

#endif
