/* SPDX-License-Identifier: MIT */
/*
 * idle.h - what a CPU does while there is nothing to do.
 *
 * Who waits looks for work with interrupts off, and only then waits, so that
 * an interrupt that brings work between the two ends the waiting at once:
 *
 *	uint64_t flags = irq_save();
 *	if (nothing to do)
 *		idle(flags);
 *	irq_restore(flags);
 */
#ifndef LAB0_IDLE_H
#define LAB0_IDLE_H

#include <lab0/singleton.h>
#include <lab0/types.h>

/* A singleton; the default is a pause. */
struct idle_ops {
	/*
	 * Wait for an interrupt, or a moment. Called with interrupts off; they
	 * are on while it waits and off again when it returns.
	 */
	void	(*wait)(void);
};

SINGLETON_DECLARE(struct idle_ops, idle_ops);

/*
 * Wait once. If interrupts were off anyhow, none can come, and this is a
 * pause.
 *
 * flags     of the irq_save after which the caller looked for work
 * context   interrupts off, and so on return; no locks held
 */
void idle(uint64_t flags);

#endif
