/* SPDX-License-Identifier: MIT */
/*
 * irqchip.c - interrupt lines, whichever controller they end at.
 *
 * Owns      the choice; irqchip.lock; option irqchip=; monitor command
 *           irqchip.
 * Offers    irqchip.h.
 * Stands on its candidates, interrupt.
 * Locks     irqchip.lock: the controller's registers, and that a line is open
 *           exactly while it has a handler.
 */
#include <lab1/irqchip.h>

#include <lab0/errno.h>
#include <lab0/init.h>
#include <lab0/monitor.h>
#include <lab0/option.h>
#include <lab0/printk.h>
#include <lab0/spinlock.h>

OPTION(irqchip, "pic|apic", "the interrupt controller to use; "
    "default the best at hand");

SET_DECLARE(irqchip);

LOCK_CLASS(irqchip, 60);	/* interrupt_add is called under it */
static struct spinlock lock = SPINLOCK_INIT(irqchip);

static const struct irqchip *chip;	/* or NULL */

const struct irqchip *
irqchip(void)
{
	return chip;
}

static bool
has_line(unsigned line)
{
	return chip && line < VECTOR_LINES && chip->has(line);
}

static struct interrupt_slot *
slot_of(unsigned line)
{
	return &interrupt_slots[VECTOR_LINE0 + line];
}

unsigned
irq_line_of_isa(unsigned isa_irq)
{
	return chip ? chip->line_of_isa(isa_irq) : isa_irq;
}

int
irq_add(unsigned line, struct interrupt_handler *handler)
{
	irqflags_t flags;
	bool first;
	int err;

	if (!chip)
		return -ENODEV;
	if (!has_line(line))
		return -EINVAL;

	flags = spin_lock_save(&lock);
	first = !slot_of(line)->first;
	err = interrupt_add(VECTOR_LINE0 + line, handler);
	if (!err && first)
		chip->unmask(line);
	spin_unlock_restore(&lock, flags);
	return err;
}

int
irq_remove(unsigned line, struct interrupt_handler *handler)
{
	irqflags_t flags;
	int err;

	if (!has_line(line))
		return -ENOENT;

	flags = spin_lock_save(&lock);
	err = interrupt_remove(VECTOR_LINE0 + line, handler);
	if (!err && !slot_of(line)->first)
		chip->mask(line);
	spin_unlock_restore(&lock, flags);
	return err;
}

static void
set_masked(unsigned line, bool masked)
{
	irqflags_t flags;

	if (!has_line(line))
		return;
	flags = spin_lock_save(&lock);
	if (masked)
		chip->mask(line);
	else
		chip->unmask(line);
	spin_unlock_restore(&lock, flags);
}

void
irq_mask(unsigned line)
{
	set_masked(line, true);
}

void
irq_unmask(unsigned line)
{
	set_masked(line, false);
}

int
irq_set_trigger(unsigned line, enum irq_trigger trigger,
    enum irq_polarity polarity)
{
	irqflags_t flags;
	int err;

	if (!chip)
		return -ENODEV;
	if (!has_line(line))
		return -EINVAL;
	flags = spin_lock_save(&lock);
	err = chip->set_trigger(line, trigger, polarity);
	spin_unlock_restore(&lock, flags);
	return err;
}

static const struct irqchip *
choose(void)
{
	const struct choice *c = CHOICE_PICK(irqchip, option_get("irqchip"));

	return c ? container_of(c, const struct irqchip, choice) : NULL;
}

static int
irqchip_init(void)
{
	const struct irqchip *chosen = choose();
	int err;

	if (!chosen) {
		printk(LOG_WARNING "irqchip: no interrupt controller can be "
		    "used; devices will not interrupt\n");
		return 0;
	}
	err = chosen->start();
	if (err)
		return err;
	for (unsigned line = 0; line < VECTOR_LINES; line++) {
		if (chosen->has(line))
			slot_of(line)->source = chosen->source(line);
	}
	chip = chosen;
	printk(LOG_INFO "irqchip: %s\n", chip->choice.name);
	return 0;
}
INIT(irqchip_init);

static void
show_line(unsigned line)
{
	char state[48], isa[16] = "";
	irqflags_t flags = spin_lock_save(&lock);

	chip->describe(line, state, sizeof(state));
	spin_unlock_restore(&lock, flags);
	for (unsigned i = 0; i < ISA_IRQS; i++) {
		if (irq_line_of_isa(i) == line && i != line)
			snprintk(isa, sizeof(isa), "  (ISA %u)", i);
	}
	console_printf("  %2u  0x%02x  %8lu  %s%s", line, VECTOR_LINE0 + line,
	    interrupt_taken(VECTOR_LINE0 + line), state, isa);
	for (const struct interrupt_handler *handler = slot_of(line)->first;
	    handler; handler = handler->next)
		console_printf("  %s", handler->name);
	console_printf("\n");
}

static int
irqchip_command(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return -EINVAL;
	if (!chip) {
		console_printf("no controller\n");
		return 0;
	}
	console_printf("%s\n", chip->choice.name);
	if (chip->about)
		chip->about();
	console_printf("line vector     taken  state\n");
	for (unsigned line = 0; line < VECTOR_LINES; line++) {
		if (has_line(line))
			show_line(line);
	}
	return 0;
}
MONITOR_COMMAND(irqchip, "", "the interrupt controller and its lines",
    irqchip_command);
