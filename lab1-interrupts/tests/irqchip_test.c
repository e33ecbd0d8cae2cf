/* SPDX-License-Identifier: MIT */
/*
 * irqchip_test.c - lines of interrupts, whichever controller they end at.
 *
 * test_irqchip.py runs these tests with each controller on several machines.
 */
#include <lab1/irqchip.h>

#include "irq_devices.h"

#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/ktest.h>
#include <lab0/todo.h>
#include <lab1/lapic.h>

enum { ROUNDS = 20 };

static unsigned seen, seen_too;
static unsigned current;		/* ISA interrupt that is raised */

static bool
wanted(struct interrupt_frame *frame, void *context)
{
	(void)frame;
	++*(unsigned *)context;
	irq_device_quiet(current);
	return true;
}

static struct interrupt_handler handler = {
	.fn = wanted, .context = &seen, .name = "test",
};
static struct interrupt_handler second = {
	.fn = wanted, .context = &seen_too, .name = "test too",
};

/* Interrupts can arrive in this kernel; a partly written one has none. */
static bool
lines_work(void)
{
	if (irqchip() && irq_enabled())
		return true;
	ktest_note("there is no controller, or interrupts are off");
	return false;
}

/* An edge from before the line was opened may have been kept. */
static void
settle(void)
{
	for (unsigned i = 0; i < 1000; i++)
		cpu_pause();
	irq_device_quiet(current);
	seen = seen_too = 0;
}

static void
wait_for(const unsigned *count, unsigned value)
{
	for (unsigned i = 0; *count != value && i < IRQ_POLLS; i++)
		cpu_pause();
}

static void
arrive_each_time(unsigned isa_irq)
{
	unsigned line = irq_line_of_isa(isa_irq);
	uint64_t before;

	if (!lines_work())
		return;
	current = isa_irq;
	irq_devices_begin();
	expect_eq(irq_add(line, &handler), 0);
	settle();
	before = interrupt_taken(VECTOR_LINE0 + line);
	for (unsigned i = 1; i <= ROUNDS; i++) {
		irq_device_raise(isa_irq);
		wait_for(&seen, i);
		if (seen != i)
			break;
	}
	expect_eq(irq_remove(line, &handler), 0);
	irq_devices_end();
	expect_eq(seen, ROUNDS);
	expect_eq(interrupt_taken(VECTOR_LINE0 + line) - before, ROUNDS);
}

KTEST(irqchip_the_keyboard_interrupts_each_time)
{
	arrive_each_time(IRQ_KEYBOARD);
}

KTEST(irqchip_the_disk_interrupts_each_time)
{
	if (irq_disk_present())
		arrive_each_time(IRQ_DISK);
}

KTEST(irqchip_the_mouse_interrupts_each_time)
{
	arrive_each_time(IRQ_MOUSE);
}

static void
closed_and_opened(unsigned line)
{
	irq_mask(line);
	irq_device_raise(current);
	for (unsigned i = 0; i < 1000; i++)
		cpu_pause();
	expect_eq(seen, 0);
	irq_device_quiet(current);

	irq_unmask(line);
	settle();
	irq_device_raise(current);
	wait_for(&seen, 1);
	expect_eq(seen, 1);
}

KTEST(irqchip_a_closed_line_is_silent)
{
	unsigned line = irq_line_of_isa(IRQ_KEYBOARD);

	if (!lines_work())
		return;
	current = IRQ_KEYBOARD;
	irq_devices_begin();
	expect_eq(irq_add(line, &handler), 0);
	settle();
	closed_and_opened(line);
	expect_eq(irq_remove(line, &handler), 0);
	irq_devices_end();
}

KTEST(irqchip_handlers_share_a_line)
{
	unsigned line = irq_line_of_isa(IRQ_MOUSE);

	if (!lines_work())
		return;
	current = IRQ_MOUSE;
	irq_devices_begin();
	expect_eq(irq_add(line, &handler), 0);
	expect_eq(irq_add(line, &second), 0);
	settle();
	irq_device_raise(IRQ_MOUSE);
	wait_for(&seen_too, 1);
	expect_eq(irq_remove(line, &handler), 0);
	irq_device_raise(IRQ_MOUSE);		/* still open for the second */
	wait_for(&seen_too, 2);
	expect_eq(irq_remove(line, &second), 0);
	irq_devices_end();
	expect_eq(seen, 1);
	expect_eq(seen_too, 2);
}

KTEST(irqchip_mistakes_are_errors)
{
	unsigned line = irq_line_of_isa(IRQ_KEYBOARD);

	if (!irqchip()) {
		expect_eq(irq_add(line, &handler), -ENODEV);
		return;
	}
	expect_eq(irq_add(64, &handler), -EINVAL);
	expect_eq(irq_add(~0u, &handler), -EINVAL);
	expect_eq(irq_remove(line, &handler), -ENOENT);
	expect_eq(irq_remove(1000, &handler), -ENOENT);
	expect_eq(irq_set_trigger(1000, IRQ_EDGE, IRQ_HIGH), -EINVAL);
	irq_mask(1000);
	irq_unmask(1000);
	expect_eq(irq_add(line, &handler), 0);
	expect_eq(irq_add(line, &handler), -EBUSY);
	expect_eq(irq_remove(line, &handler), 0);
}

static bool
count_only(struct interrupt_frame *frame, void *context)
{
	(void)frame;
	++*(unsigned *)context;
	return true;
}

/* The CPU's own APIC sends it interrupts, alone and by its number. */
KTEST(irqchip_the_cpu_can_interrupt_itself)
{
	static struct interrupt_handler self = {
		.fn = count_only, .context = &seen, .name = "test",
	};
	struct interrupt_slot *slot = &interrupt_slots[VECTOR_LOCAL_TEST];
	const struct irq_source *before = slot->source;

	if (!lapic_present() || !lines_work())
		return;
	seen = 0;
	slot->source = lapic_source();
	expect_eq(interrupt_add(VECTOR_LOCAL_TEST, &self), 0);
	for (unsigned i = 1; i <= ROUNDS; i++) {
		if (i % 2) {
			lapic_ipi_self(VECTOR_LOCAL_TEST);
		} else {
			irq_disable();
			lapic_ipi(lapic_id(), VECTOR_LOCAL_TEST);
			irq_enable();
		}
		wait_for(&seen, i);
	}
	expect_eq(interrupt_remove(VECTOR_LOCAL_TEST, &self), 0);
	slot->source = before;
	expect_eq(seen, ROUNDS);
}

/* Nothing stays in service, or the next interrupt of that class would wait. */
KTEST(irqchip_no_interrupt_stays_in_service)
{
	if (!lapic_present())
		return;
	for (unsigned i = 0; i < 8; i++) {
		uint64_t flags = irq_save();
		uint32_t bits = lapic_read(LAPIC_ISR + 0x10 * i);

		irq_restore(flags);
		expect_eq(bits, 0);
	}
}
