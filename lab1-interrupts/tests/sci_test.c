/* SPDX-License-Identifier: MIT */
/*
 * sci_test.c - a level-triggered line, for test_irqchip.py.
 *
 * With the option sci=N the kernel listens to the power button: its interrupt
 * (the SCI) stays asserted until the status bit is cleared, which the handler
 * does when it has run N times. It should then have run N times exactly.
 *
 * Source    ACPI 6.3, 4.8.3.1 "PM1 Event Grouping", 5.2.9 (FADT: SCI_INT at
 *           offset 46, PM1a_EVT_BLK at 56).
 */
#include <lab0/cpu.h>
#include <lab0/init.h>
#include <lab0/io.h>
#include <lab0/option.h>
#include <lab0/string.h>
#include <lab0/verdict.h>
#include <lab1/acpi.h>
#include <lab1/irqchip.h>

OPTION(sci, "N", "test: let the power button's interrupt stand N times");

enum {
	FADT_SCI_INT = 46,
	FADT_PM1A_EVENTS = 56,
	PM1_ENABLE = 2,			/* behind the status */
	PM1_POWER_BUTTON = 1 << 8,
};

static uint16_t events;			/* port */
static uint64_t wanted, ran;

static void
say(const char *what)
{
	verdict_begin();
	verdict_str("# sci ");
	verdict_str(what);
	verdict_str(" ");
	verdict_dec(ran);
	verdict_end();
}

static bool
power_button(struct interrupt_frame *frame, void *context)
{
	(void)frame;
	(void)context;
	if (!(inw(events) & PM1_POWER_BUTTON))
		return false;
	if (++ran == wanted) {
		outw(PM1_POWER_BUTTON, events);
		say("cleared");
		ran = 0;
	}
	return true;
}

static struct interrupt_handler handler = {
	.fn = power_button, .name = "power button",
};

static int
sci_test_init(void)
{
	const struct acpi_header *fadt = acpi_table("FACP", 0);
	uint16_t sci;
	int err;

	if (!option_given("sci"))
		return 0;
	err = option_u64("sci", 0, &wanted);
	if (err || !fadt)
		return err;
	memcpy(&sci, (const char *)fadt + FADT_SCI_INT, sizeof(sci));
	memcpy(&events, (const char *)fadt + FADT_PM1A_EVENTS,
	    sizeof(events));
	outw(PM1_POWER_BUTTON, events);
	outw(PM1_POWER_BUTTON, events + PM1_ENABLE);
	err = irq_add(irq_line_of_isa(sci), &handler);
	say(err ? "not added" : "ready");
	return err;
}
INIT_LATE(sci_test_init);
