/* SPDX-License-Identifier: MIT */
/*
 * report.h - what the loader says, on the screen and on COM1.
 */
#ifndef LOADER_REPORT_H
#define LOADER_REPORT_H

#include <stdint.h>

#include "bios.h"

/* Add to the line that is being made. Too long a line is cut. */
void report_text(const char *text);
void report_hex(uint64_t value);
void report_dec(uint32_t value);

/* Show the line. */
void report_end(void);

/* Begin the line "loader: STEP: ": the step cannot be done. Add the reason. */
void report_failure(const char *step);

/* Show the line, also on the verdict port, and end the run. */
__attribute__((noreturn)) void report_stop(enum run_end why);

/* All three, for a reason without a number. */
__attribute__((noreturn)) void report_fail(const char *step, const char *reason);

#endif
