/* SPDX-License-Identifier: MIT */
/*
 * todo.c - what happens when an unwritten exercise is reached.
 *
 * Offers    exercise_written, todo_reached.
 * Stands on report; the set of stubs that stage2.ld gathers.
 */
#include "todo.h"

#include "report.h"
#include "string.h"

extern const char *const __start_set_todo[], *const __stop_set_todo[];

bool
exercise_written(const char *id)
{
	for (const char *const *stub = __start_set_todo;
	    stub < __stop_set_todo; stub++) {
		if (strcmp(*stub, id) == 0)
			return false;
	}
	return true;
}

void
todo_reached(const char *id, const char *function)
{
	report_text("exercise ");
	report_text(id);
	report_text(" (");
	report_text(function);
	report_text(") is not written yet: see lab0-boot/README.md");
	report_stop(RUN_TODO);
}
