/* SPDX-License-Identifier: MIT */
/*
 * todo.h - the stub of an exercise that is not written yet.
 *
 * todo("0.1") puts its exercise into a linker set, so that provided code can
 * ask exercise_written() before it calls, and, when it is reached, says so on
 * the verdict port and ends the run with EXIT_TODO. Write the exercise, delete
 * the line: both are gone.
 */
#ifndef LAB0_TODO_H
#define LAB0_TODO_H

#include <lab0/set.h>
#include <lab0/types.h>

SET_DECLARE(todo);

#define todo(id) \
	do { \
		static const char *const todo_here \
		    __attribute__((used, section("set_todo"))) = id; \
		(void)todo_here; \
		todo_reached(id, __func__, LAB_DIR); \
	} while (0)

/*
 * Whether no stub of this exercise is linked into the kernel.
 *
 * id        "LAB.NUMBER", as in lab.toml
 * context   any
 */
bool exercise_written(const char *id);

/*
 * Report the stub of `function` on the verdict port and end the run.
 *
 * folder    the lab's, where the handout stands (LAB_DIR, from the build)
 */
noreturn void todo_reached(const char *id, const char *function,
    const char *folder);

#endif
