/* SPDX-License-Identifier: MIT */
/*
 * power.h - end or restart the machine.
 *
 * Lab 0 knows the ways of PCs and of QEMU's boards; with ACPI's tables (lab 1)
 * there will be the machine's own. Each says on the consoles what it tries; if
 * nothing works the CPU halts, and that is said too.
 */
#ifndef LAB0_POWER_H
#define LAB0_POWER_H

#include <lab0/hook.h>
#include <lab0/types.h>

/*
 * The machine is about to end, or the kernel to report its panic: from here on
 * nothing is done by interrupts. A listener sends out what it holds back, with
 * bounded waits, and does without its interrupts afterwards. It may be called
 * again, and at any moment, also in the middle of the listener's own code.
 *
 * context   interrupts off
 */
HOOK_ATOMIC(machine_ends, void);

noreturn void machine_poweroff(void);
noreturn void machine_reboot(void);
noreturn void machine_halt(void);

#endif
