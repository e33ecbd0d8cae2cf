/* SPDX-License-Identifier: MIT */
/*
 * event.h - devices that interrupt once, a given time from now.
 *
 * The timers arm the chosen device for the first of them, and only then: with
 * nothing due there is no interrupt.
 *
 * Owns      the chosen device. Boot option event=lapic|pit.
 */
#ifndef LAB1_EVENT_H
#define LAB1_EVENT_H

#include <lab0/choice.h>
#include <lab0/types.h>

/* Candidates are in the set event. */
struct event_device {
	struct choice	choice;
	/* Chosen: connect its interrupt. 0, or a negative errno. */
	int		(*start)(void);
	/*
	 * Interrupt once, not earlier than in delay_ns; a running alarm is
	 * replaced. A longer delay than the device can do: it comes early, and
	 * the timers arm it again. Interrupts off.
	 */
	void		(*arm)(uint64_t delay_ns);
	/* No interrupt any more but one on its way. Interrupts off. */
	void		(*disarm)(void);
};

/* The chosen one; NULL before its boot step, or with none that works. */
const struct event_device *event_device(void);

/*
 * What a device's handler calls, in interrupt context; timer.c puts its
 * function there.
 */
extern void (*event_expired)(void);

#endif
