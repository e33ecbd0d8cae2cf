/* SPDX-License-Identifier: MIT */
/*
 * log_console_test.c - the way from the log to a console.
 *
 * Brings a console of its own, which keeps what it is sent while a test
 * listens. `console=` may leave it out; then there is nothing to test.
 */
#include <lab0/console.h>
#include <lab0/ktest.h>
#include <lab0/log.h>
#include <lab0/printk.h>
#include <lab0/string.h>

static bool there, listening;
static unsigned nested;		/* messages that the driver itself has */
static char heard[512];
static size_t nheard;

static int
probe(void)
{
	there = true;
	return 0;
}

static void
hear(const char *text, size_t len_bytes)
{
	if (!listening)
		return;
	len_bytes = MIN(len_bytes, sizeof(heard) - 1 - nheard);
	memcpy(heard + nheard, text, len_bytes);
	nheard += len_bytes;
	heard[nheard] = '\0';
	if (nested) {
		nested--;
		printk("the driver has something to say\n");
	}
}

static const struct console test_console = {
	.name = "test",
	.probe = probe,
	.write = hear,
};
CONSOLE_ADD(test_console);

static void
listen(unsigned with_nested)
{
	nheard = 0;
	heard[0] = '\0';
	nested = with_nested;
	listening = true;
}

static unsigned
times_heard(const char *what)
{
	unsigned n = 0;

	for (const char *at = heard; (at = strstr(at, what)); at++)
		n++;
	return n;
}

/* A message is shown with a stamp, once; a quiet one is not. */
KTEST(consoles_show_messages_of_their_level, .needs = "0.2")
{
	listen(0);
	printk("loud\n");
	printk(LOG_DEBUG "quiet\n");
	printk("in ");
	printk("parts\n");
	listening = false;
	if (!there)
		return;
	expect(heard[0] == '[');
	expect_eq(times_heard("] loud\n"), 1);
	expect_eq(times_heard("quiet"), 0);
	expect_eq(times_heard("] in parts\n"), 1);
	expect_eq(times_heard("["), 2);
}

/* A driver that prints is heard afterwards, and does not go on for ever. */
KTEST(a_console_driver_may_print, .needs = "0.2")
{
	listen(3);
	printk("from outside\n");
	printk("from outside again\n");
	listening = false;
	nested = 0;
	printk("the end\n");
	if (!there)
		return;
	expect_eq(times_heard("from outside\n"), 1);
	expect_eq(times_heard("from outside again\n"), 1);
	expect(times_heard("the driver has something to say\n") >= 1);
}

/* A driver that prints with each line does not keep the kernel. */
KTEST(an_endless_console_driver_ends, .needs = "0.2")
{
	listen(100000);
	printk("once\n");
	listening = false;
	nested = 0;
	if (there)
		expect_eq(times_heard("once\n"), 1);
}
