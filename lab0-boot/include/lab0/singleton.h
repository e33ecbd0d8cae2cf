/* SPDX-License-Identifier: MIT */
/*
 * singleton.h - one struct of functions that an upper floor may replace.
 *
 * The lower floor defines it with a working default; exactly one upper floor
 * may put its own in the place, from a boot step. A second one is a mistake of
 * the build and panics, naming both.
 *
 *	SINGLETON_DECLARE(struct wait_ops, wait_ops);		(header)
 *	SINGLETON_DEFINE(struct wait_ops, wait_ops, assert_ops);  (.c file)
 *	SINGLETON_REPLACE(wait_ops, scheduler_ops);		(upper floor)
 *	wait_ops->block(...);					(use)
 *
 * context   replaced on the boot CPU before other CPUs start; read anywhere
 */
#ifndef LAB0_SINGLETON_H
#define LAB0_SINGLETON_H

#include <lab0/panic.h>
#include <lab0/types.h>

#define SINGLETON_DECLARE(type, name) \
	extern const type *name; \
	extern const char *name##_owner

/* Tests may put their own into `name` and the old one back afterwards. */
#define SINGLETON_DEFINE(type, name, default_object) \
	const type *name = &(default_object); \
	const char *name##_owner

#define SINGLETON_REPLACE(name, object) \
	do { \
		if (name##_owner) \
			panic("%s: %s replaces what %s put there", #name, \
			    #object, name##_owner); \
		name##_owner = #object; \
		name = &(object); \
	} while (0)

#endif
