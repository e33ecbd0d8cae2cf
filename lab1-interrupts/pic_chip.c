/* SPDX-License-Identifier: MIT */
/*
 * pic_chip.c - the 8259 pair as the controller of lines.
 *
 * The pair itself is exercise 1.6; what the exercise does not have is the
 * register by which a PC's chipset makes single inputs level triggered (ELCR).
 *
 * Owns      ELCR.             Offers  a candidate of the set irqchip.
 * Stands on pic.h, madt.
 * Source    Intel 82371AB (PIIX4) data sheet, "ELCR1, ELCR2"; ACPI 6.3,
 *           5.2.9 (SCI_INT: the line of the SCI, 5.2.12.5).
 */
#include <lab1/irqchip.h>

#include <lab0/errno.h>
#include <lab0/io.h>
#include <lab0/printk.h>
#include <lab0/todo.h>
#include <lab1/lapic.h>
#include <lab1/madt.h>
#include <lab1/pic.h>

enum {
	ELCR_MASTER = 0x4d0,
	ELCR_SLAVE = 0x4d1,
	ALWAYS_EDGE = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 8 | 1 << 13,
};

/* A mask register keeps what is written; where no chip is, nothing does. All
 * inputs are masked before (interrupt.c) and afterwards. */
static bool
keeps_masks(void)
{
	static const uint8_t masks[][2] = {
		{ 0xa5, 0x5a }, { 0x5a, 0xa5 }, { 0xff, 0xff },
	};
	bool keep = true;

	for (unsigned i = 0; i < ARRAY_SIZE(masks); i++) {
		outb(masks[i][0], PIC_MASTER_DATA);
		outb(masks[i][1], PIC_SLAVE_DATA);
		keep = keep && inb(PIC_MASTER_DATA) == masks[i][0] &&
		    inb(PIC_SLAVE_DATA) == masks[i][1];
	}
	return keep;
}

static int
pic_probe(void)
{
	const char *why = NULL;

	if (!exercise_written("1.6"))
		why = "exercise 1.6 is not written yet";
	else if (!keeps_masks())
		why = "this machine has no 8259 pair";
	if (why)
		printk(LOG_NOTICE "irqchip: pic cannot be used: %s\n", why);
	return why ? -ENODEV : 0;
}

static uint16_t
elcr(void)
{
	return (uint16_t)(inb(ELCR_MASTER) | inb(ELCR_SLAVE) << 8);
}

/* Its fixed bits tell ELCR from a port without a register. */
static bool
has_elcr(void)
{
	return (elcr() & ALWAYS_EDGE) == 0;
}

static int
pic_set_trigger(unsigned line, enum irq_trigger trigger,
    enum irq_polarity polarity)
{
	uint16_t bit = (uint16_t)(1u << line);
	uint16_t now;

	(void)polarity;
	if (!has_elcr() || ALWAYS_EDGE & bit)
		return trigger == IRQ_EDGE ? 0 : -EINVAL;
	now = trigger == IRQ_LEVEL ? elcr() | bit : elcr() & (uint16_t)~bit;
	outb((uint8_t)now, ELCR_MASTER);
	outb((uint8_t)(now >> 8), ELCR_SLAVE);
	return 0;
}

static bool
pic_has(unsigned line)
{
	return line < PIC_INPUTS && line != PIC_CASCADE;
}

/* The firmware has set ELCR for PCI; what it forgot its tables tell. */
static void
obey_tables(void)
{
	for (unsigned i = 0; madt() && i < ISA_IRQS; i++) {
		const struct madt_line *line = &madt()->isa[i];

		if (line->gsi == i && line->trigger == IRQ_LEVEL && pic_has(i))
			(void)!pic_set_trigger(i, IRQ_LEVEL, line->polarity);
	}
}

static int
pic_start(void)
{
	pic_init(VECTOR_LINE0);
	obey_tables();
	if (lapic_present())
		lapic_listen_to_pic(true);
	return 0;
}

static bool
line_spurious(unsigned vector)
{
	return pic_spurious(vector - VECTOR_LINE0);
}

static void
line_acknowledge(unsigned vector)
{
	pic_eoi(vector - VECTOR_LINE0);
}

/* Each look at the chips costs a port: only two inputs can be spurious. */
static const struct irq_source *
pic_source(unsigned line)
{
	static const struct irq_source plain = {
		.acknowledge = line_acknowledge,
	};
	static const struct irq_source doubtful = {
		.spurious = line_spurious, .acknowledge = line_acknowledge,
	};

	return line == 7 || line == 15 ? &doubtful : &plain;
}

static unsigned
pic_line_of_isa(unsigned isa_irq)
{
	return isa_irq;
}

static bool
input_shows(unsigned line, uint8_t ocw3)
{
	uint16_t command = line < 8 ? PIC_MASTER_COMMAND : PIC_SLAVE_COMMAND;

	outb(ocw3, command);
	return inb(command) >> line % 8 & 1;
}

static void
pic_describe(unsigned line, char *text, size_t bytes)
{
	uint8_t masks = inb(line < 8 ? PIC_MASTER_DATA : PIC_SLAVE_DATA);
	bool level = has_elcr() && elcr() >> line & 1;

	snprintk(text, bytes, "%s %s%s%s", level ? "level" : "edge ",
	    masks >> line % 8 & 1 ? "masked" : "open",
	    input_shows(line, PIC_READ_ISR) ? ", in service" : "",
	    input_shows(line, PIC_READ_IRR) ? ", requested" : "");
}

static const struct irqchip pic_chip = {
	.choice = { .name = "pic", .rating = 100, .probe = pic_probe },
	.start = pic_start,
	.source = pic_source,
	.has = pic_has,
	.line_of_isa = pic_line_of_isa,
	.mask = pic_mask,
	.unmask = pic_unmask,
	.set_trigger = pic_set_trigger,
	.describe = pic_describe,
};
SET_ADD(irqchip, pic_chip);
