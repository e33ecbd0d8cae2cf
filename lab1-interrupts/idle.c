/* SPDX-License-Identifier: MIT */
/*
 * idle.c - sleep until something comes.
 *
 * STI lets no interrupt in before the instruction behind it is done, so one
 * that came after the caller's last look ends the HLT instead of passing
 * before it.
 *
 * Stands on idle_ops of lab 0; interrupts on, the serial line by interrupt.
 * Source    Intel SDM 2B "STI", 2A "HLT".
 */
#include <lab0/idle.h>

#include <lab0/cpu.h>
#include <lab0/init.h>
#include <lab1/serial_irq.h>

/* The line may have gone back to polling: then nothing would wake us. */
static void
sleep_for_interrupt(void)
{
	if (serial_by_interrupt())
		__asm__ volatile("sti; hlt; cli" : : : "memory");
	else
		cpu_pause();
}

static const struct idle_ops halt_ops = { .wait = sleep_for_interrupt };

static int
idle_init(void)
{
	if (serial_by_interrupt())
		SINGLETON_REPLACE(idle_ops, halt_ops);
	return 0;
}
INIT_LATE(idle_init);
