/* SPDX-License-Identifier: MIT */
/*
 * lines_test.c - counts interrupts of lines, for tests from outside.
 *
 * With the option lines=N,M,... the kernel adds a handler to each of these ISA
 * interrupts; the handlers count and leave the device alone.
 */
#include <lab0/init.h>
#include <lab0/option.h>
#include <lab0/string.h>
#include <lab1/irqchip.h>

OPTION(lines, "N,M,...", "test: count the interrupts of these lines");

/* Read by the tests from the guest's memory. */
static uint64_t lines_handled[ISA_IRQS];

static struct interrupt_handler handlers[ISA_IRQS];

static bool
count(struct interrupt_frame *frame, void *context)
{
	(void)frame;
	++*(uint64_t *)context;
	return true;
}

static int
lines_test_init(void)
{
	const char *at = option_get("lines");
	int err = 0;

	while (at && *at && !err) {
		uint64_t n;

		err = strtou64(at, &at, 10, &n);
		if (err || n >= ISA_IRQS)
			return err;
		handlers[n] = (struct interrupt_handler){
			.fn = count, .context = &lines_handled[n],
			.name = "lines=",
		};
		err = irq_add(irq_line_of_isa((unsigned)n), &handlers[n]);
		at += *at == ',';
	}
	return err;
}
INIT_LATE(lines_test_init);
