/* SPDX-License-Identifier: MIT */
/*
 * interrupt_bench.c - what an interrupt costs, and where it goes.
 *
 * The interrupt is one that the CPU sends to itself by its local APIC: the write
 * to the APIC is part of the figure. With the option irq_spans the kernel stamps
 * each part of the way and says what lay between, for bench_interrupts.py.
 */
#include <lab0/bench.h>

#include <lab0/cpu.h>
#include <lab0/init.h>
#include <lab0/option.h>
#include <lab0/verdict.h>
#include <lab1/interrupt.h>
#include <lab1/lapic.h>

OPTION(irq_spans, "", "test: say where the time of an interrupt goes, then exit");

enum { WARM_UP = 5 };

/* -- Whole ways -------------------------------------------------------------- */

static bool
nothing_to_do(struct interrupt_frame *frame, void *context)
{
	(void)frame;
	(void)context;
	return true;
}

static struct interrupt_handler ipi_handler = {
	.fn = nothing_to_do, .name = "bench",
};
static struct interrupt_handler int3_handler = {
	.fn = nothing_to_do, .name = "bench",
};

KBENCH(irq_roundtrip,
    "IPI to itself, empty handler, EOI, back; goal 170, Linux 6.1 584")
{
	lapic_ipi_self(VECTOR_LOCAL_TEST);
}

KBENCH(exception_roundtrip,
    "int3 to an empty handler and back; goal 150, Linux 6.1 268-321")
{
	__asm__ volatile("int3");
}

/* -- Parts of the way ----------------------------------------------------------- */

enum stamp {
	STAMP_START, STAMP_DISPATCH, STAMP_HANDLER, STAMP_ACKNOWLEDGE,
	STAMP_ACKNOWLEDGED, STAMP_LEAVE, STAMP_END, STAMPS,
};

static uint64_t stamps[STAMPS];
static bool stamping;

static inline void
stamp(enum stamp which)
{
	stamps[which] = rdtsc();
}

static bool
stamp_dispatch(unsigned vector)
{
	(void)vector;
	stamp(STAMP_DISPATCH);
	return false;
}

static bool
stamp_handler(struct interrupt_frame *frame, void *context)
{
	(void)frame;
	(void)context;
	stamp(STAMP_HANDLER);
	return true;
}

static void
stamp_acknowledge(unsigned vector)
{
	stamp(STAMP_ACKNOWLEDGE);
	lapic_source()->acknowledge(vector);
	stamp(STAMP_ACKNOWLEDGED);
}

static void
stamp_leave(struct interrupt_frame *frame)
{
	(void)frame;
	if (stamping)
		stamp(STAMP_LEAVE);
}
HOOK_ADD(interrupt_leave, stamp_leave);

static const struct irq_source stamped_source = {
	.spurious = stamp_dispatch, .acknowledge = stamp_acknowledge,
};

static void
say(const char *name, uint64_t from, uint64_t to, uint64_t floor)
{
	verdict_begin();
	verdict_str("span ");
	verdict_str(name);
	verdict_str(" ");
	verdict_dec(to - from - floor);
	verdict_end();
}

/* Every run takes the same way; the last one is told. */
static void
say_spans(void)
{
	struct interrupt_slot before = interrupt_slots[VECTOR_LOCAL_TEST];
	struct interrupt_handler handler = { .fn = stamp_handler };
	uint64_t floor, flags;

	stamp(STAMP_START);
	stamp(STAMP_END);
	floor = stamps[STAMP_END] - stamps[STAMP_START];

	interrupt_slots[VECTOR_LOCAL_TEST].first = &handler;
	for (unsigned i = 0; i < WARM_UP; i++) {
		stamp(STAMP_START);
		lapic_ipi_self(VECTOR_LOCAL_TEST);
	}
	say("irq_to_handler", stamps[STAMP_START], stamps[STAMP_HANDLER],
	    floor);

	interrupt_slots[VECTOR_LOCAL_TEST].source = &stamped_source;
	stamping = true;
	for (unsigned i = 0; i < WARM_UP; i++) {
		stamp(STAMP_START);
		lapic_ipi_self(VECTOR_LOCAL_TEST);
		stamp(STAMP_END);
	}
	stamping = false;
	for (unsigned i = 0; i + 1 < STAMPS; i++) {
		static const char *const names[] = {
			"irq_send_and_entry", "irq_dispatch", "irq_handler",
			"irq_acknowledge", "irq_leave", "irq_exit",
		};

		say(names[i], stamps[i], stamps[i + 1], floor);
	}
	interrupt_slots[VECTOR_LOCAL_TEST] = before;

	flags = irq_save();
	stamp(STAMP_START);
	lapic_ipi_self(VECTOR_LOCAL_TEST);
	stamp(STAMP_END);
	irq_restore(flags);
	say("irq_send", stamps[STAMP_START], stamps[STAMP_END], floor);
	verdict_exit(EXIT_OK);
}

static int
interrupt_bench_init(void)
{
	int err;

	if (!lapic_present() ||
	    !(option_given("bench") || option_given("irq_spans")))
		return 0;
	interrupt_slots[VECTOR_LOCAL_TEST].source = lapic_source();
	err = interrupt_add(VECTOR_LOCAL_TEST, &ipi_handler);
	if (!err)
		err = interrupt_add(VECTOR_BP, &int3_handler);
	if (!err && option_given("irq_spans"))
		say_spans();
	return err;
}
INIT_LATE_EX(interrupt_bench_init, "1.3");
