/* SPDX-License-Identifier: MIT */
/*
 * nmi.c - interrupts that cannot be turned off.
 *
 * An NMI may come inside any code, also inside code that holds a lock: its
 * handler takes none and prints nothing. The dispatch counts it, like every
 * vector. With panic_on_nmi it is the way to ask a kernel that hangs with
 * interrupts off where it is.
 *
 * Owns      the option panic_on_nmi.
 * Stands on interrupt_add, exception_report.
 * Source    Intel SDM 3A "Nonmaskable Interrupt (NMI)"; Intel ICH9 data sheet
 *           "NMI_SC-NMI Status and Control Register".
 */
#include <lab0/init.h>
#include <lab0/io.h>
#include <lab0/option.h>
#include <lab0/panic_hook.h>
#include <lab0/printk.h>
#include <lab1/exception.h>
#include <lab1/interrupt.h>

OPTION(panic_on_nmi, "", "an NMI ends in a report of where the CPU is");

enum {
	NMI_STATUS = 0x61,
	NMI_SERR = 1u << 7,		/* r  a system error, or parity */
	NMI_IOCHK = 1u << 6,		/* r  an expansion card */
};

static bool panic_on_nmi;

static bool
nmi(struct interrupt_frame *frame, void *context)
{
	(void)context;
	if (panic_on_nmi)
		exception_report(frame);
	return true;
}

static struct interrupt_handler nmi_handler = { .fn = nmi, .name = "nmi" };

static int
nmi_init(void)
{
	panic_on_nmi = option_given("panic_on_nmi");
	return interrupt_add(VECTOR_NMI, &nmi_handler);
}
INIT(nmi_init);

static void
show_nmi(const struct panic_registers *regs)
{
	const struct interrupt_frame *frame = exception_reported(regs);
	uint8_t status;

	if (!frame || frame->vector != VECTOR_NMI)
		return;
	status = inb(NMI_STATUS);
	console_printf("NMI status 0x%02x: %s\n", status,
	    status & NMI_SERR ? "system error or parity" :
	    status & NMI_IOCHK ? "an expansion card" :
	    "not from the chip set; a button, or another CPU");
}
HOOK_ADD(panic_show, show_nmi);
