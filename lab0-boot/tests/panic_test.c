/* SPDX-License-Identifier: MIT */
/*
 * panic_test.c - panics to order, for the tests from outside.
 *
 * fall=LETTERS panics below a chain of calls that the letters choose; with
 * fall_again a console panics, too, as soon as it is to show the first panic.
 *
 * Stands on panic.h, console.h.
 */
#include <lab0/panic.h>

#include <lab0/console.h>
#include <lab0/errno.h>
#include <lab0/init.h>
#include <lab0/option.h>

OPTION(fall, "LETTERS", "test: panic below a chain of calls, letters a, b, c");
OPTION(fall_again, "", "test: a console that panics during that panic");

static bool falling;

static void fall(const char *way);

__attribute__((noinline)) static void
fall_alpha(const char *way)
{
	fall(way);
	__asm__ volatile("");		/* no tail call */
}

__attribute__((noinline)) static void
fall_beta(const char *way)
{
	fall(way);
	__asm__ volatile("");
}

__attribute__((noinline)) static void
fall_gamma(const char *way)
{
	fall(way);
	__asm__ volatile("");
}

__attribute__((noinline)) static void
fall(const char *way)
{
	if (*way == 'a')
		fall_alpha(way + 1);
	else if (*way == 'b')
		fall_beta(way + 1);
	else if (*way == 'c')
		fall_gamma(way + 1);
	else
		panic("fell to the ground");
	__asm__ volatile("");
}

static int
fall_if_asked(void)
{
	if (!option_get("fall"))
		return 0;
	falling = true;
	fall(option_get("fall"));
	return 0;
}
INIT_LATE(fall_if_asked);

static int
weak_probe(void)
{
	return option_given("fall_again") ? 0 : -ENODEV;
}

static void
weak_write(const char *text, size_t len_bytes)
{
	(void)text;
	if (falling)
		panic("no more than %zu bytes", len_bytes);
}

static const struct console weak_console = {
	.name = "weak",
	.probe = weak_probe,
	.write = weak_write,
};
CONSOLE_ADD(weak_console);
