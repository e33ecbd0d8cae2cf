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

enum { ISA_IRQS = 16 };

enum irq_trigger { IRQ_EDGE, IRQ_LEVEL };
enum irq_polarity { IRQ_HIGH, IRQ_LOW };

/*
 * A controller; candidates are in the set irqchip, SET_ADD(irqchip, object).
 * mask to describe are called with irqchip.lock held, for lines that it has.
 */
struct irqchip {
	struct choice	choice;		/* first */
	int		(*start)(void);	/* chosen: all lines masked */
	bool		(*has)(unsigned line);
	unsigned	(*line_of_isa)(unsigned isa_irq);
	/* How a line's vector is acknowledged, and told from a spurious one. */
	const struct irq_source *(*source)(unsigned line);
	void		(*mask)(unsigned line);
	void		(*unmask)(unsigned line);
	/* -EINVAL: it cannot do that */
	int		(*set_trigger)(unsigned line, enum irq_trigger,
			    enum irq_polarity);
	/* For the monitor: trigger, whether masked, in service, requested; and
	 * some lines of the controller as a whole, or NULL. */
	void		(*describe)(unsigned line, char *text, size_t bytes);
	void		(*about)(void);
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
 * locks     takes irqchip.lock, vectors.lock
 */
must_check int irq_add(unsigned line, struct interrupt_handler *handler);

/*
 * Take it away; the last one masks the line.
 *
 * returns   0; -ENOENT: was not added to that line
 */
int irq_remove(unsigned line, struct interrupt_handler *handler);

/* Close and open a line by hand; calls need not be paired. A line that does
 * not exist is none to close. */
void irq_mask(unsigned line);
void irq_unmask(unsigned line);

/*
 * How a line is wired, where a driver knows better than the firmware's tables.
 * The 8259 pair has no polarity: it is wired that way on the board.
 *
 * returns   0
 * errors    -EINVAL  no such line, or the controller cannot do that
 *           -ENODEV  no controller
 */
must_check int irq_set_trigger(unsigned line, enum irq_trigger trigger,
    enum irq_polarity polarity);

#endif
