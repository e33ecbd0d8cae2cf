/* SPDX-License-Identifier: MIT */
/*
 * todo.h - the stub of an exercise in the loader's C code.
 */
#ifndef LOADER_TODO_H
#define LOADER_TODO_H

#include <stdbool.h>

/* Stands in place of an exercise: says that it is missing, ends the run. */
#define todo(id) do {							\
	static const char *const unwritten				\
	    __attribute__((used, section("set_todo"))) = (id);		\
	todo_reached((id), __func__);					\
} while (0)

/* Has the exercise been written, as far as its file tells? */
bool exercise_written(const char *id);

__attribute__((noreturn)) void todo_reached(const char *id,
    const char *function);

#endif
