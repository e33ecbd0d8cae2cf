/* SPDX-License-Identifier: MIT */
/*
 * irqchip.h - interrupt lines, whichever controller they end at.
 *
 * A line is a global system interrupt (GSI), 0..63. The sixteen ISA interrupts
 * have numbers of their own: irq_line_of_isa says which line one is on, as the
 * firmware's tables (or the PC's tradition) have it. Line n comes in at vector
 * VECTOR_LINE0 + n with either controller, so a driver's handler does not know
 * which one it is.
 *
 * Owns      the chosen controller. Boot option irqchip=pic|apic.
 * Source    ACPI specification, "Multiple APIC Description Table (MADT)".
 */
#ifndef LAB1_IRQCHIP_H
#define LAB1_IRQCHIP_H

#include <lab0/choice.h>
#include <lab0/types.h>
#include <lab1/interrupt.h>

enum irq_trigger { IRQ_EDGE, IRQ_LEVEL };
enum irq_polarity { IRQ_HIGH, IRQ_LOW };

/* A controller; candidates are in the set irqchip. */
struct irqchip {
	struct choice	choice;
	struct irq_source source;	/* of its lines */
	int		(*start)(void);	/* chosen: all lines masked */
	unsigned	(*lines)(void);	/* 0..lines() - 1 exist */
	void		(*mask)(unsigned line);
	void		(*unmask)(unsigned line);
	/* -EINVAL: it cannot do that */
	int		(*set_trigger)(unsigned line, enum irq_trigger,
			    enum irq_polarity);
	/* For the monitor: whether it is masked, in service, requested. */
	void		(*describe)(unsigned line, char *text, size_t bytes);
};

/* The chosen one; NULL before its boot step, or with none that works. */
const struct irqchip *irqchip(void);

/* Line that ISA interrupt 0..15 arrives on. */
unsigned irq_line_of_isa(unsigned isa_irq);

/*
 * Add a handler to a line and open it (the first handler unmasks).
 *
 * returns   0
 * errors    -EINVAL  no such line; -ENODEV  no controller; of interrupt_add
 * context   any
 */
must_check int irq_add(unsigned line, struct interrupt_handler *handler);

/* Take it away; the last one masks the line. */
int irq_remove(unsigned line, struct interrupt_handler *handler);

/* Close and open a line by hand; calls need not be paired. */
void irq_mask(unsigned line);
void irq_unmask(unsigned line);

#endif
