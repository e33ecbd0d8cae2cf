/* SPDX-License-Identifier: MIT */
/*
 * lapic.c - the local APIC: set up, spoken to.
 *
 * Some firmware leaves the local APIC off or its inputs masked, so that
 * neither the 8259 pair nor an NMI gets through: the boot step turns it on
 * (virtual-wire mode but for LINT0, which the chosen controller opens).
 *
 * The registers are reached by the direct map, which is cacheable. On real
 * hardware the firmware's MTRRs have this range uncacheable, and the stricter
 * of MTRR and page table counts; QEMU's TCG has no caches. Lab 2 maps it
 * uncached by itself.
 *
 * Owns      the registers of the CPU that runs.   Offers  lapic.h.
 * Stands on madt, x2apic, interrupt.
 * Source    Intel SDM 3A "Local APIC", "Local Vector Table", "Spurious
 *           Interrupt", "Issuing Interprocessor Interrupts"; SDM 4
 *           IA32_APIC_BASE.
 */
#include <lab1/lapic.h>

#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/init.h>
#include <lab0/memory_layout.h>
#include <lab0/printk.h>
#include <lab1/madt.h>
#include <lab1/mmio.h>

enum {
	CPUID_EDX_APIC = 1 << 9,
	MSR_APIC_BASE = 0x1b,
	APIC_BASE_X2APIC = 1 << 10,
	VERSION_MAX_LVT_SHIFT = 16,	/* last entry's number, 8 bits */
	LVT_WITH_PERFORMANCE = 4,	/* ... from these numbers on */
	LVT_WITH_THERMAL = 5,
	ID_SHIFT = 24,
	LINE_REGISTERS = 8,		/* ISR, IRR: 256 bits */
	BUSY_POLLS = 100000,
};

#define APIC_BASE_ADDRESS	0x000ffffffffff000ul

static char *registers;			/* xAPIC */
static const struct lapic_ops *ops;	/* NULL: there is none */

static uint32_t
xapic_read(enum lapic_register reg)
{
	return mmio_read32(registers + reg);
}

static void
xapic_write(enum lapic_register reg, uint32_t value)
{
	mmio_write32(registers + reg, value);
}

/* The command before must have left: some wait for a slow bus. */
static void
wait_until_sent(void)
{
	for (unsigned i = 0; i < BUSY_POLLS; i++) {
		if (!(xapic_read(LAPIC_ICR_LOW) & LAPIC_BUSY))
			return;
		cpu_pause();
	}
}

static void
xapic_command(uint32_t apic_id, uint32_t command)
{
	wait_until_sent();
	xapic_write(LAPIC_ICR_HIGH, apic_id << ID_SHIFT);
	xapic_write(LAPIC_ICR_LOW, command);
}

static void
xapic_self_ipi(unsigned vector)
{
	wait_until_sent();
	xapic_write(LAPIC_ICR_LOW, LAPIC_TO_SELF | LAPIC_ASSERT | vector);
}

static uint32_t
xapic_id(void)
{
	return xapic_read(LAPIC_ID) >> ID_SHIFT;
}

static void
xapic_eoi(unsigned vector)
{
	(void)vector;
	mmio_write32(registers + LAPIC_EOI, 0);
}

static const struct lapic_ops xapic_ops = {
	.name = "xAPIC",
	.read = xapic_read,
	.write = xapic_write,
	.command = xapic_command,
	.self_ipi = xapic_self_ipi,
	.id = xapic_id,
	.source = { .acknowledge = xapic_eoi },
};

static const struct x2apic_msrs machine_msrs = {
	.read = rdmsr, .write = wrmsr,
};

bool
lapic_present(void)
{
	return ops != NULL;
}

const char *
lapic_mode(void)
{
	return ops->name;
}

uint32_t
lapic_id(void)
{
	return ops->id();
}

uint32_t
lapic_read(enum lapic_register reg)
{
	return ops->read(reg);
}

void
lapic_write(enum lapic_register reg, uint32_t value)
{
	ops->write(reg, value);
}

const struct irq_source *
lapic_source(void)
{
	return &ops->source;
}

void
lapic_eoi(void)
{
	ops->source.acknowledge(0);
}

void
lapic_ipi_self(unsigned vector)
{
	ops->self_ipi(vector);
}

void
lapic_ipi(uint32_t apic_id, unsigned vector)
{
	ops->command(apic_id, LAPIC_FIXED | LAPIC_ASSERT | vector);
}

void
lapic_listen_to_pic(bool listen)
{
	lapic_write(LAPIC_LVT_LINT0,
	    LAPIC_EXTINT | (listen ? 0 : LAPIC_MASKED));
}

/* The chip withdrew what it had announced: no EOI, nobody to call. */
static bool
always_spurious(unsigned vector)
{
	(void)vector;
	return true;
}

static const struct irq_source spurious_source = {
	.spurious = always_spurious,
};

/* A write copies the errors since the last one into the register. */
static bool
error_interrupt(struct interrupt_frame *frame, void *context)
{
	(void)frame;
	(void)context;
	lapic_write(LAPIC_ESR, 0);
	printk(LOG_ERR "lapic %u: errors 0x%x\n", lapic_id(),
	    lapic_read(LAPIC_ESR));
	return true;
}

static struct interrupt_handler error_handler = {
	.fn = error_interrupt, .name = "local APIC error",
};

/* Whatever the firmware was in the middle of. */
static void
finish_what_is_in_service(void)
{
	for (unsigned i = 0; i < LINE_REGISTERS; i++) {
		for (unsigned bit = 0; bit < 32 &&
		    lapic_read(LAPIC_ISR + 0x10 * i) != 0; bit++)
			lapic_eoi();
	}
}

static uint32_t
uid_of_this_cpu(void)
{
	const struct madt *table = madt();

	for (unsigned i = 0; table && i < table->ncpus; i++) {
		if (table->cpus[i].apic_id == lapic_id())
			return table->cpus[i].uid;
	}
	return MADT_ALL_CPUS;
}

static uint32_t
wired_as(enum irq_trigger trigger, enum irq_polarity polarity)
{
	return (trigger == IRQ_LEVEL ? (uint32_t)LAPIC_LEVEL : 0) |
	    (polarity == IRQ_LOW ? (uint32_t)LAPIC_ACTIVE_LOW : 0);
}

/* NMI comes in at LINT1, unless the firmware's table knows better. */
static void
open_nmi(void)
{
	const struct madt *table = madt();
	uint32_t uid = uid_of_this_cpu();

	if (!table || table->nlocal_nmis == 0) {
		lapic_write(LAPIC_LVT_LINT1, LAPIC_NMI);
		return;
	}
	for (unsigned i = 0; i < table->nlocal_nmis; i++) {
		const struct madt_local_nmi *nmi = &table->local_nmis[i];

		if (nmi->uid != MADT_ALL_CPUS && nmi->uid != uid)
			continue;
		lapic_write(nmi->lint ? LAPIC_LVT_LINT1 : LAPIC_LVT_LINT0,
		    LAPIC_NMI | wired_as(nmi->trigger, nmi->polarity));
	}
}

static void
mask_local_lines(void)
{
	uint32_t last = lapic_read(LAPIC_VERSION) >> VERSION_MAX_LVT_SHIFT &
	    0xff;

	lapic_write(LAPIC_LVT_TIMER, LAPIC_MASKED);
	lapic_write(LAPIC_LVT_LINT0, LAPIC_MASKED);
	lapic_write(LAPIC_LVT_LINT1, LAPIC_MASKED);
	if (last >= LVT_WITH_PERFORMANCE)
		lapic_write(LAPIC_LVT_PERFORMANCE, LAPIC_MASKED);
	if (last >= LVT_WITH_THERMAL)
		lapic_write(LAPIC_LVT_THERMAL, LAPIC_MASKED);
}

/* While it is off, lines of the local vector table cannot be opened. */
static void
turn_on(void)
{
	lapic_write(LAPIC_SVR, LAPIC_SVR_ENABLE | VECTOR_APIC_SPURIOUS);
	mask_local_lines();
	finish_what_is_in_service();
	lapic_write(LAPIC_TPR, 0);
	lapic_write(LAPIC_ESR, 0);
	lapic_write(LAPIC_ESR, 0);
	lapic_write(LAPIC_LVT_ERROR, VECTOR_APIC_ERROR);
	lapic_listen_to_pic(false);
	open_nmi();
}

/* The firmware may have switched to x2APIC, for more than 255 CPUs; there is
 * no reason to do it here, and no way back. */
static int
find_registers(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);
	paddr_t address = base & APIC_BASE_ADDRESS;

	if (base & APIC_BASE_X2APIC) {
		x2apic_msrs = &machine_msrs;
		ops = &x2apic_ops;
		return 0;
	}
	if (!direct_map_shows(address, PAGE_SIZE)) {
		printk(LOG_WARNING "lapic: its registers at 0x%lx are out of "
		    "reach\n", address);
		return -ENODEV;
	}
	if (madt() && madt()->lapic_address != address)
		printk(LOG_WARNING "lapic: the firmware's table says 0x%lx, "
		    "the CPU 0x%lx; believing the CPU\n",
		    madt()->lapic_address, address);
	registers = phys_to_virt(address);
	ops = &xapic_ops;
	return 0;
}

static int
lapic_init(void)
{
	int err;

	if (!(cpuid(CPUID_FEATURES, 0).edx & CPUID_EDX_APIC)) {
		printk(LOG_INFO "lapic: this CPU has none\n");
		return 0;
	}
	if (find_registers())
		return 0;
	turn_on();
	interrupt_slots[VECTOR_APIC_SPURIOUS].source = &spurious_source;
	interrupt_slots[VECTOR_APIC_ERROR].source = lapic_source();
	err = interrupt_add(VECTOR_APIC_ERROR, &error_handler);
	printk(LOG_DEBUG "lapic: number %u, %s\n", lapic_id(), ops->name);
	return err;
}
INIT(lapic_init);
