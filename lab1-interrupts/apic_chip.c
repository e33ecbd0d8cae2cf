/* SPDX-License-Identifier: MIT */
/*
 * apic_chip.c - I/O APICs and local APICs as the controller of lines.
 *
 * All lines go to the boot CPU. A line's wiring is what the MADT says; ISA's
 * are edge and high, those behind them (PCI's) level and low where it is
 * silent.
 *
 * Owns      nothing beyond ioapic's entries.
 * Offers    a candidate of the set irqchip.
 * Stands on madt, lapic, ioapic.
 * Source    ACPI 6.3, 5.2.12.5 "Interrupt Source Override Structure", 5.2.13
 *           "Global System Interrupts"; PCI Local Bus 2.2.6 (level, low).
 */
#include <lab1/irqchip.h>

#include <lab0/errno.h>
#include <lab0/printk.h>
#include <lab1/ioapic.h>
#include <lab1/lapic.h>
#include <lab1/madt.h>

/* Where all lines go. */
static uint32_t boot_cpu;

static int
apic_probe(void)
{
	const char *why = NULL;

	if (!lapic_present())
		why = "the CPU has no local APIC";
	else if (!madt())
		why = "there is no (good) ACPI table of them";
	else if (ioapic_start(madt()))
		why = "no I/O APIC answers";
	if (why)
		printk(LOG_NOTICE "irqchip: apic cannot be used: %s\n", why);
	return why ? -ENODEV : 0;
}

static struct madt_line
wiring(unsigned line)
{
	const struct madt *table = madt();

	for (unsigned i = 0; i < ISA_IRQS; i++) {
		if (table->isa_overridden & 1u << i &&
		    table->isa[i].gsi == line)
			return table->isa[i];
	}
	if (line < ISA_IRQS)
		return table->isa[line].gsi == line ? table->isa[line]
		    : (struct madt_line){ line, IRQ_EDGE, IRQ_HIGH };
	return (struct madt_line){ line, IRQ_LEVEL, IRQ_LOW };
}

static bool
is_nmi(unsigned line)
{
	for (unsigned i = 0; i < madt()->nnmi_lines; i++) {
		if (madt()->nmi_lines[i].gsi == line)
			return true;
	}
	return false;
}

static uint32_t
wired_as(enum irq_trigger trigger, enum irq_polarity polarity)
{
	return (trigger == IRQ_LEVEL ? (uint32_t)IOAPIC_LEVEL : 0) |
	    (polarity == IRQ_LOW ? (uint32_t)IOAPIC_LOW : 0);
}

static bool
apic_has(unsigned line)
{
	return line < VECTOR_LINES && ioapic_has(line) && !is_nmi(line);
}

static int
apic_set_trigger(unsigned line, enum irq_trigger trigger,
    enum irq_polarity polarity)
{
	uint32_t masked = ioapic_entry(line) & IOAPIC_MASKED;

	ioapic_route(line, boot_cpu, IOAPIC_FIXED | masked |
	    (VECTOR_LINE0 + line) | wired_as(trigger, polarity));
	return 0;
}

static void
open_nmi_lines(void)
{
	for (unsigned i = 0; i < madt()->nnmi_lines; i++) {
		const struct madt_line *nmi = &madt()->nmi_lines[i];

		if (ioapic_has(nmi->gsi))
			ioapic_route(nmi->gsi, boot_cpu, IOAPIC_NMI |
			    wired_as(IRQ_EDGE, nmi->polarity));
	}
}

static int
apic_start(void)
{
	boot_cpu = lapic_id();
	lapic_listen_to_pic(false);
	for (unsigned line = 0; line < VECTOR_LINES; line++) {
		struct madt_line wired = wiring(line);

		if (apic_has(line))
			apic_set_trigger(line, wired.trigger, wired.polarity);
	}
	open_nmi_lines();
	return 0;
}

static const struct irq_source *
apic_source(unsigned line)
{
	(void)line;
	return lapic_source();
}

static unsigned
apic_line_of_isa(unsigned isa_irq)
{
	return madt()->isa[isa_irq].gsi;
}

static void
apic_mask(unsigned line)
{
	ioapic_mask(line, true);
}

static void
apic_unmask(unsigned line)
{
	ioapic_mask(line, false);
}

static void
apic_describe(unsigned line, char *text, size_t bytes)
{
	uint32_t entry = ioapic_entry(line);

	snprintk(text, bytes, "%s %s %s%s%s",
	    entry & IOAPIC_LEVEL ? "level" : "edge ",
	    entry & IOAPIC_LOW ? "low " : "high",
	    entry & IOAPIC_MASKED ? "masked" : "open",
	    entry & IOAPIC_REMOTE_IRR ? ", in service" : "",
	    entry & IOAPIC_PENDING ? ", requested" : "");
}

static void
apic_about(void)
{
	console_printf("local APIC %u, %s; LINT0 0x%x, LINT1 0x%x\n",
	    lapic_id(), lapic_mode(), lapic_read(LAPIC_LVT_LINT0),
	    lapic_read(LAPIC_LVT_LINT1));
	ioapic_about();
}

static const struct irqchip apic_chip = {
	.choice = { .name = "apic", .rating = 200, .probe = apic_probe },
	.start = apic_start,
	.source = apic_source,
	.has = apic_has,
	.line_of_isa = apic_line_of_isa,
	.mask = apic_mask,
	.unmask = apic_unmask,
	.set_trigger = apic_set_trigger,
	.describe = apic_describe,
	.about = apic_about,
};
SET_ADD(irqchip, apic_chip);
