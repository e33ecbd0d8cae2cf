/* SPDX-License-Identifier: MIT */
/*
 * event.c - alarms, whichever device gives them.
 *
 * Owns      the chosen device.       Stands on  choice, option.
 * Offers    event_device, event_expired.
 */
#include <lab1/event.h>

#include <lab0/errno.h>
#include <lab0/init.h>
#include <lab0/option.h>
#include <lab0/printk.h>

OPTION(event, "lapic|pit", "the device whose interrupts timers wait for; "
    "default the best at hand");

SET_DECLARE(event);

static const struct event_device *chosen;

static void
nobody_waits(void)
{
}

void (*event_expired)(void) = nobody_waits;

const struct event_device *
event_device(void)
{
	return chosen;
}

static int
event_init(void)
{
	const struct choice *choice = CHOICE_PICK(event, option_get("event"));
	const struct event_device *device;
	int err;

	if (!choice) {
		printk(LOG_NOTICE "event: no device gives alarms: timers never "
		    "run\n");
		return 0;
	}
	device = container_of(choice, struct event_device, choice);
	err = device->start();
	if (err)
		return err;
	chosen = device;
	printk(LOG_INFO "event: %s\n", choice->name);
	return 0;
}
INIT(event_init);
