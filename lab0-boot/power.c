/* SPDX-License-Identifier: MIT */
/*
 * power.c - end or restart the machine.
 *
 * Offers    machine_poweroff, machine_reboot, machine_halt; the monitor
 *           commands poweroff and reboot.
 * Stands on printk, port I/O.
 * Source    ACPI 6.3, 4.8.3.2 "PM1 Control Registers"; QEMU hw/acpi (PM base
 *           addresses that its firmware sets); IBM PC AT Technical Reference,
 *           "8042"; Intel ICH9 data sheet, "RST_CNT".
 */
#include <lab0/power.h>

#include <lab0/cpu.h>
#include <lab0/io.h>
#include <lab0/monitor.h>
#include <lab0/printk.h>

enum {
	PM1_SLEEP_ENABLE = 1 << 13,	/* SLP_TYP 0 is S5 on QEMU's boards */
	KBC_STATUS = 0x64,
	KBC_INPUT_FULL = 0x02,
	KBC_PULSE_RESET = 0xfe,
	RESET_CONTROL = 0xcf9,		/* PIIX and ICH */
	RESET_COLD = 0x02,
	RESET_NOW = 0x06,
	SETTLE_PAUSES = 100000,		/* about 0.1 s of io_wait */
};

/* PM1a control, where QEMU's firmware of today and of old puts it. */
static const uint16_t pm1_ports[] = { 0x604, 0xb004 };

/* Devices need a moment; if this returns, the try has failed. */
static void
settle(void)
{
	for (unsigned i = 0; i < SETTLE_PAUSES; i++)
		io_wait();
}

static void
begin_end(void)
{
	irq_disable();
	HOOK_CALL(machine_ends);
}

void
machine_halt(void)
{
	begin_end();
	console_printf("halted; the machine may be switched off\n");
	for (;;)
		cpu_halt();
}

void
machine_poweroff(void)
{
	begin_end();
	for (unsigned i = 0; i < ARRAY_SIZE(pm1_ports); i++) {
		console_printf("power off through port 0x%x\n", pm1_ports[i]);
		outw(PM1_SLEEP_ENABLE, pm1_ports[i]);
		settle();
	}
	console_printf("nothing switched the machine off\n");
	machine_halt();
}

void
machine_reboot(void)
{
	begin_end();
	console_printf("reset through the keyboard controller\n");
	for (unsigned i = 0; i < SETTLE_PAUSES; i++)
		if (!(inb(KBC_STATUS) & KBC_INPUT_FULL))
			break;
	outb(KBC_PULSE_RESET, KBC_STATUS);
	settle();

	console_printf("reset through port 0x%x\n", RESET_CONTROL);
	outb(RESET_COLD, RESET_CONTROL);
	outb(RESET_NOW, RESET_CONTROL);
	settle();

	console_printf("nothing reset the machine\n");
	machine_halt();
}

static int
poweroff_command(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	machine_poweroff();
}
MONITOR_COMMAND(poweroff, "", "switch the machine off", poweroff_command);

static int
reboot_command(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	machine_reboot();
}
MONITOR_COMMAND(reboot, "", "start the machine anew", reboot_command);
