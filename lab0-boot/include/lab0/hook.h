/* SPDX-License-Identifier: MIT */
/*
 * hook.h - calls upward: many listeners, two kinds.
 *
 * A lower floor declares a hook, upper floors add functions to it, and the
 * lower floor calls them all in link order. The kind is part of the contract:
 *   HOOK_ATOMIC  may be called under locks and in interrupts; a listener never
 *                sleeps and takes only locks that rank below those held;
 *   HOOK_SLEEPS  is called with no lock held; a listener may sleep. Debug
 *                builds check that at each call.
 *
 *	HOOK_ATOMIC(tick, uint64_t now_ns);		(lower floor, header)
 *	HOOK_CALL(tick, now);				(lower floor)
 *	HOOK_ADD(tick, preempt_tick);			(upper floor)
 */
#ifndef LAB0_HOOK_H
#define LAB0_HOOK_H

#include <lab0/lockrank.h>
#include <lab0/set.h>
#include <lab0/types.h>

#define HOOK_DECLARE(hook, may_sleep, ...) \
	typedef void hook##_hook_fn(__VA_ARGS__); \
	struct hook##_hook { hook##_hook_fn *call; }; \
	enum { hook##_hook_sleeps = (may_sleep) }; \
	SET_DECLARE(hook##_hook)

#define HOOK_ATOMIC(hook, ...) HOOK_DECLARE(hook, 0, __VA_ARGS__)
#define HOOK_SLEEPS(hook, ...) HOOK_DECLARE(hook, 1, __VA_ARGS__)

#define HOOK_ADD(hook, fn) \
	static const struct hook##_hook hook##_hook_##fn = { .call = fn }; \
	SET_ADD(hook##_hook, hook##_hook_##fn)

/* Call every listener of the hook, in link order. */
#define HOOK_CALL(hook, ...) \
	do { \
		if (DEBUG && hook##_hook_sleeps) \
			lockrank_assert_may_sleep(); \
		SET_FOREACH(const struct hook##_hook, listener, hook##_hook) \
			listener->call(__VA_ARGS__); \
	} while (0)

#endif
