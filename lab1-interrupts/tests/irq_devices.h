/* SPDX-License-Identifier: MIT */
/*
 * irq_devices.h - for tests: devices that interrupt when they are told to.
 *
 * The keyboard controller on ISA interrupts 1 and 12, the first IDE channel on
 * 14; no driver of this lab uses their interrupts. (The CMOS clock would be a
 * third, but QEMU's follows the host's time, and no two runs are the same.)
 *
 * Source    IBM PC/AT Technical Reference, "Keyboard Controller" (commands
 *           20h, 60h, D2h, D3h); ATA/ATAPI-6, 8.23 "NOP" (ends in an error, and
 *           with an interrupt; QEMU's channel does that without a disk, too).
 */
#ifndef IRQ_DEVICES_H
#define IRQ_DEVICES_H

#include <lab0/types.h>

enum {
	IRQ_KEYBOARD = 1,
	IRQ_MOUSE = 12,
	IRQ_DISK = 14,			/* not on every board */
	IRQ_POLLS = 200000,		/* what comes comes long before */
};

/* They may interrupt; and as they were before. */
void irq_devices_begin(void);
void irq_devices_end(void);

/* Whether this board has an IDE channel at the usual ports. */
bool irq_disk_present(void);

/* Let a device interrupt once, at once. */
void irq_device_raise(unsigned isa_irq);

/* What its handler does: the device lets its line go. */
void irq_device_quiet(unsigned isa_irq);

#endif
