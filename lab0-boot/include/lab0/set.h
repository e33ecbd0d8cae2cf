/* SPDX-License-Identifier: MIT */
/*
 * set.h - linker sets: many files plug in, nobody keeps the list.
 *
 * SET_ADD puts a pointer to an object into the section set_NAME. The linker
 * gathers these sections in link order and supplies the symbols
 * __start_set_NAME and __stop_set_NAME, which are declared weak here so that
 * an empty set is legal. A set holds pointers, never structs: a linker may
 * put padding between structs.
 *
 * Source    GNU ld manual, "Orphan Sections".
 */
#ifndef LAB0_SET_H
#define LAB0_SET_H

#include <lab0/types.h>

#define SET_ADD(set, object) \
	static const void *const set_##set##_##object \
	    __attribute__((used, section("set_" #set))) = &(object)

#define SET_DECLARE(set) \
	extern const void *const __start_set_##set[] __attribute__((weak)); \
	extern const void *const __stop_set_##set[] __attribute__((weak))

/* Number of members of a declared set. */
#define SET_COUNT(set) \
	((size_t)(__stop_set_##set - __start_set_##set))

/*
 * for-loop over a declared set: SET_FOREACH(const struct option, o, option)
 * visits each member as `const struct option *o`, in link order.
 */
#define SET_FOREACH(type, var, set) \
	for (const void *const *var##_at = __start_set_##set; \
	    var##_at < __stop_set_##set; var##_at++) \
		for (type *var = (type *)*var##_at; var; var = NULL)

#endif
