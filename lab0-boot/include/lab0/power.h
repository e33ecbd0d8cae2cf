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

#include <lab0/types.h>

noreturn void machine_poweroff(void);
noreturn void machine_reboot(void);
noreturn void machine_halt(void);

#endif
