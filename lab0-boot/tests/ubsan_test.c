/* SPDX-License-Identifier: MIT */
/*
 * ubsan_test.c - breaks a rule of C on request, for test_ubsan.py.
 *
 * The option undefined=NAME makes the test image do it late in the boot.
 */
#include <lab0/init.h>
#include <lab0/option.h>
#include <lab0/string.h>

OPTION(undefined, "shift|index|null|misaligned|bool|ctz|unreachable",
    "break a rule of C, to see the report");

/* Volatile: the compiler may not know what comes. */
static volatile int forty = 40;
static volatile int table[4];
static volatile uintptr_t address;

static void
break_rule(const char *name)
{
	if (strcmp(name, "shift") == 0)
		forty = 1 << forty;
	else if (strcmp(name, "index") == 0)
		forty = table[forty];
	else if (strcmp(name, "null") == 0)
		forty = *(volatile int *)address;
	else if (strcmp(name, "misaligned") == 0)
		forty = *(volatile int *)((uintptr_t)table + 1 + address);
	else if (strcmp(name, "bool") == 0)
		forty = *(volatile bool *)&forty;
	else if (strcmp(name, "ctz") == 0)
		forty = __builtin_ctz((unsigned)address);
	else if (strcmp(name, "unreachable") == 0 && forty)
		__builtin_unreachable();
}

static int
undefined_on_request(void)
{
	const char *name = option_get("undefined");

	if (name)
		break_rule(name);
	return 0;
}

INIT_LATE(undefined_on_request);
