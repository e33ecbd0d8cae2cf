/* SPDX-License-Identifier: MIT */
/*
 * idle.c - what a CPU does while there is nothing to do.
 *
 * Offers    idle, idle_ops.          Stands on  cpu.h.
 */
#include <lab0/idle.h>

#include <lab0/cpu.h>

static const struct idle_ops pause_ops = { .wait = cpu_pause };
SINGLETON_DEFINE(struct idle_ops, idle_ops, pause_ops);

void
idle(uint64_t flags)
{
	if (flags & RFLAGS_IF)
		idle_ops->wait();
	else
		cpu_pause();
}
