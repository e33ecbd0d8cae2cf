/* SPDX-License-Identifier: MIT */
/*
 * irq_devices_test.c - for tests: devices that interrupt when they are told to.
 *
 * Offers    irq_devices.h.
 */
#include "irq_devices.h"

#include <lab0/cpu.h>
#include <lab0/io.h>

enum {
	KBC_DATA = 0x60,
	KBC_COMMAND = 0x64,		/* r: status */
	KBC_FULL = 1 << 0,		/* a byte to be read */
	KBC_BUSY = 1 << 1,		/* not ready for a byte */
	KBC_READ_CONFIG = 0x20,
	KBC_WRITE_CONFIG = 0x60,
	KBC_FROM_KEYBOARD = 0xd2,	/* next byte: as if from there */
	KBC_FROM_MOUSE = 0xd3,
	KBC_INTERRUPTS = 3,		/* in the configuration */
	KBC_BYTES_MAX = 64,
	IDE_DRIVE = 0x1f6,
	IDE_COMMAND = 0x1f7,		/* r: status, and lets the line go */
	IDE_CONTROL = 0x3f6,		/* 0: interrupts on; r: status only */
	IDE_FIRST_DRIVE = 0xa0,
	IDE_NOP = 0x00,
};

static uint8_t kbc_config;

static void
kbc_ready(void)
{
	for (unsigned i = 0; inb(KBC_COMMAND) & KBC_BUSY && i < IRQ_POLLS; i++)
		cpu_pause();
}

static void
kbc_write(uint8_t command, uint8_t byte)
{
	kbc_ready();
	outb(command, KBC_COMMAND);
	kbc_ready();
	outb(byte, KBC_DATA);
}

static uint8_t
kbc_read_config(void)
{
	kbc_ready();
	outb(KBC_READ_CONFIG, KBC_COMMAND);
	for (unsigned i = 0; !(inb(KBC_COMMAND) & KBC_FULL) && i < IRQ_POLLS;
	    i++)
		cpu_pause();
	return inb(KBC_DATA);
}

static void
kbc_drain(void)
{
	for (unsigned i = 0; inb(KBC_COMMAND) & KBC_FULL && i < KBC_BYTES_MAX;
	    i++)
		inb(KBC_DATA);
}

bool
irq_disk_present(void)
{
	return inb(IDE_CONTROL) != 0xff;
}

void
irq_device_raise(unsigned isa_irq)
{
	switch (isa_irq) {
	case IRQ_KEYBOARD:
		kbc_write(KBC_FROM_KEYBOARD, 0x5a);
		break;
	case IRQ_MOUSE:
		kbc_write(KBC_FROM_MOUSE, 0x5a);
		break;
	case IRQ_DISK:
		outb(IDE_NOP, IDE_COMMAND);
		break;
	}
}

void
irq_device_quiet(unsigned isa_irq)
{
	if (isa_irq == IRQ_DISK)
		inb(IDE_COMMAND);
	else
		kbc_drain();
}

void
irq_devices_begin(void)
{
	kbc_config = kbc_read_config();
	kbc_write(KBC_WRITE_CONFIG, kbc_config | KBC_INTERRUPTS);
	outb(IDE_FIRST_DRIVE, IDE_DRIVE);
	outb(0, IDE_CONTROL);
	irq_device_quiet(IRQ_DISK);
}

void
irq_devices_end(void)
{
	irq_device_quiet(IRQ_DISK);
	kbc_drain();
	kbc_write(KBC_WRITE_CONFIG, kbc_config);
}
