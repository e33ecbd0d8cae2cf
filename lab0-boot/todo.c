/* SPDX-License-Identifier: MIT */
/*
 * todo.c - what happens when an unwritten exercise is reached.
 *
 * Offers    exercise_written, todo_reached.
 * Stands on the verdict port only.
 */
#include <lab0/todo.h>

#include <lab0/string.h>
#include <lab0/verdict.h>

bool
exercise_written(const char *id)
{
	SET_FOREACH(const char, unwritten, todo) {
		if (strcmp(unwritten, id) == 0)
			return false;
	}
	return true;
}

void
todo_reached(const char *id, const char *function, const char *folder)
{
	verdict_begin();
	verdict_str("exercise ");
	verdict_str(id);
	verdict_str(" (");
	verdict_str(function);
	verdict_str(") is not written yet: see ");
	verdict_str(folder);
	verdict_str("/README.md");
	verdict_end();
	verdict_exit(EXIT_TODO);
}
