/* SPDX-License-Identifier: MIT */
/*
 * pic_test.c - exercise 1.6: interrupts that come through the 8259 pair.
 *
 * The pair is set up at vectors of the tests' own, whichever controller the
 * kernel has chosen, and put back afterwards.
 */
#include <lab1/pic.h>

#include "irq_devices.h"

#include <lab0/cpu.h>
#include <lab0/io.h>
#include <lab0/ktest.h>
#include <lab0/string.h>
#include <lab1/interrupt.h>
#include <lab1/irqchip.h>
#include <lab1/lapic.h>

enum { ORDER_MAX = 32 };

static struct pic_state {
	unsigned	vector;		/* of input 0 */
	unsigned	count[PIC_INPUTS];
	uint8_t		order[ORDER_MAX];	/* inputs as they were served */
	unsigned	norder;
	void		(*inside)(void);	/* in the next handler, once */
	unsigned	acknowledged;
} pic;

static struct interrupt_handler handlers[PIC_INPUTS];

/* -- The pair, read without the exercise's code ---------------------------- */

static bool
shows(unsigned input, uint8_t what)
{
	uint16_t command = input < 8 ? PIC_MASTER_COMMAND : PIC_SLAVE_COMMAND;

	outb(what, command);
	return inb(command) >> input % 8 & 1;
}

static bool
requested(unsigned input)
{
	return shows(input, PIC_READ_IRR);
}

static bool
in_service(unsigned input)
{
	return shows(input, PIC_READ_ISR);
}

static void
wait_requested(unsigned input)
{
	for (unsigned i = 0; !requested(input) && i < IRQ_POLLS; i++)
		cpu_pause();
}

/* -- Interrupts ------------------------------------------------------------ */

static bool
served(struct interrupt_frame *frame, void *context)
{
	unsigned input = (unsigned)((struct interrupt_handler *)context -
	    handlers);
	void (*inside)(void) = pic.inside;

	(void)frame;
	pic.count[input]++;
	if (pic.norder < ORDER_MAX)
		pic.order[pic.norder++] = (uint8_t)input;
	irq_device_quiet(input);
	pic.inside = NULL;
	if (inside)
		inside();
	return true;
}

static bool
test_spurious(unsigned vector)
{
	return pic_spurious(vector - pic.vector);
}

static void
test_acknowledge(unsigned vector)
{
	pic.acknowledged++;
	pic_eoi(vector - pic.vector);
}

static const struct irq_source test_source = {
	.spurious = test_spurious, .acknowledge = test_acknowledge,
};

static bool
kernel_uses_pic(void)
{
	return irqchip() && strcmp(irqchip()->choice.name, "pic") == 0;
}

static void
connect(unsigned input)
{
	struct interrupt_handler *handler = &handlers[input];

	*handler = (struct interrupt_handler){
		.fn = served, .context = handler, .name = "test",
	};
	interrupt_slots[pic.vector + input].source = &test_source;
	(void)!interrupt_add(pic.vector + input, handler);
}

static void
disconnect(unsigned input)
{
	interrupt_remove(pic.vector + input, &handlers[input]);
	interrupt_slots[pic.vector + input].source = NULL;
}

/* Set the pair up at a vector and let its interrupts in. */
static void
begin(unsigned vector)
{
	irq_disable();
	memset(&pic, 0, sizeof(pic));
	pic.vector = vector;
	irq_devices_begin();
	for (unsigned input = 0; input < PIC_INPUTS; input++)
		connect(input);
	pic_init((uint8_t)vector);
	if (lapic_present())
		lapic_listen_to_pic(true);
}

/* As the kernel had it. */
static void
end(void)
{
	irq_disable();
	irq_devices_end();
	for (unsigned input = 0; input < PIC_INPUTS; input++)
		disconnect(input);
	outb(0xff, PIC_MASTER_DATA);
	outb(0xff, PIC_SLAVE_DATA);
	if (kernel_uses_pic()) {
		(void)!irqchip()->start();
		for (unsigned line = 0; line < PIC_INPUTS; line++)
			if (interrupt_slots[VECTOR_LINE0 + line].first)
				irq_unmask(line);
	} else if (lapic_present()) {
		lapic_listen_to_pic(false);
	}
	irq_enable();
}

/* A vector where nothing else is. */
static unsigned
any_vector(void)
{
	return 0x60 + 8 * (unsigned)ktest_random_below(15);
}

static void
with_pic(void (*body)(void))
{
	begin(any_vector());
	body();
	end();
}

/* Raise it and wait; how often it was served. */
static unsigned
arrivals(unsigned input)
{
	unsigned before = pic.count[input];

	irq_device_raise(input);
	irq_enable();
	for (unsigned i = 0; pic.count[input] == before && i < IRQ_POLLS; i++)
		cpu_pause();
	irq_disable();
	return pic.count[input] - before;
}

static void
expect_each_time(unsigned input)
{
	unsigned rounds = 4 + (unsigned)ktest_random_below(8);

	pic_unmask(input);
	for (unsigned i = 0; i < rounds; i++) {
		unsigned times = arrivals(input);

		if (i > 0 && times == 0 && input < 8)
			ktest_note("the first interrupt was served, the next "
			    "never came: the master still holds it in service");
		else if (i > 0 && times == 0)
			ktest_note(in_service(PIC_CASCADE)
			    ? "the first interrupt was served, the next never "
			    "came: the master still holds its cascade in "
			    "service"
			    : "the first interrupt was served, the next never "
			    "came: the slave still holds it in service");
		expect_eq(times, 1);
	}
}

static void
keyboard_each_time(void)
{
	expect_each_time(IRQ_KEYBOARD);
}

/* The keyboard controller's interrupt (input 1) arrives at its vector, and so
 * does each one after it. */
KTEST(pic_an_input_of_the_master_interrupts_each_time, .exercise = "1.6",
    .weight = 12, .plain = true)
{
	with_pic(keyboard_each_time);
}

static void
slave_each_time(void)
{
	expect_each_time(IRQ_MOUSE);
	if (!ktest_failed())
		expect_each_time(IRQ_DISK);
}

/* Inputs 12 and 14 arrive through the cascade, each time. */
KTEST(pic_an_input_of_the_slave_interrupts_each_time, .exercise = "1.6",
    .weight = 2)
{
	with_pic(slave_each_time);
}

/* Let what is requested in. */
static void
serve_all(void)
{
	irq_enable();
	for (unsigned i = 0; i < 100; i++)
		cpu_pause();
	irq_disable();
}

static void
expect_in_order(unsigned first, unsigned second)
{
	pic.norder = 0;
	irq_device_raise(second);
	wait_requested(second);
	irq_device_raise(first);
	wait_requested(first);
	serve_all();
	if (pic.norder == 1)
		ktest_note("two inputs asked, one was served: was the end of "
		    "the first told to all chips that hold it?");
	expect_eq(pic.norder, 2);
	expect_eq(pic.order[0], first);
	expect_eq(pic.order[1], second);
}

static void
by_priority(void)
{
	pic_unmask(IRQ_KEYBOARD);
	pic_unmask(IRQ_DISK);
	pic_unmask(IRQ_MOUSE);
	for (unsigned i = 0; i < 4 && !ktest_failed(); i++) {
		if (ktest_random_below(2))
			expect_in_order(IRQ_MOUSE, IRQ_DISK);
		else
			expect_in_order(IRQ_KEYBOARD, IRQ_DISK);
	}
}

/* Of two that ask at once the one with the lower number is served first, and
 * the other one after it. */
KTEST(pic_two_at_once_are_both_served, .exercise = "1.6", .weight = 1)
{
	with_pic(by_priority);
}

static void
not_while_masked(void)
{
	static const uint8_t inputs[] = { IRQ_KEYBOARD, IRQ_MOUSE, IRQ_DISK };

	for (unsigned i = 0; i < ARRAY_SIZE(inputs); i++) {
		unsigned input = inputs[i];

		pic_unmask(input);
		pic_mask(input);
		irq_device_raise(input);
		wait_requested(input);
		serve_all();
		if (pic.count[input])
			ktest_note("an interrupt came from an input that "
			    "pic_mask had closed");
		expect_eq(pic.count[input], 0);
		pic_unmask(input);
		serve_all();
		if (!pic.count[input])
			ktest_note("pic_unmask opened an input that was "
			    "waiting, and its interrupt did not come");
		expect_eq(pic.count[input], 1);
	}
}

/* A closed input is silent; what it asked meanwhile comes when it is opened. */
KTEST(pic_a_masked_input_waits, .exercise = "1.6", .weight = 1)
{
	with_pic(not_while_masked);
}

static void
expect_others_real(void)
{
	for (unsigned input = 0; input < PIC_INPUTS; input++) {
		bool ghost = input % 8 != 7 && pic_spurious(input);

		if (ghost)
			ktest_note("another input than 7 and 15 is said to be "
			    "spurious");
		expect(!ghost);
	}
}

static void
expect_7_spurious_in_a_handler(void)
{
	expect(in_service(IRQ_KEYBOARD));
	expect(pic_spurious(7));
	if (!in_service(IRQ_KEYBOARD))
		ktest_note("a spurious 7 has no end: the end of interrupt that "
		    "was sent ended input 1, which was in service");
	expect(in_service(IRQ_KEYBOARD));
	expect_others_real();
}

static void
seven_is_spurious(void)
{
	uint64_t before = interrupt_counts()->spurious;

	expect(pic_spurious(7));
	expect_others_real();
	__asm__ volatile("int $0x97" : : : "memory");
	expect_eq(interrupt_counts()->spurious - before, 1);
	expect_eq(pic.count[7], 0);
	expect_eq(pic.acknowledged, 0);

	pic_unmask(IRQ_KEYBOARD);
	pic.inside = expect_7_spurious_in_a_handler;
	expect_eq(arrivals(IRQ_KEYBOARD), 1);
}

/* An interrupt 7 without a bit in the in-service register is spurious, and no
 * end of interrupt is sent; of the others only 15 can be. */
KTEST(pic_a_spurious_7_is_told, .exercise = "1.6", .weight = 1)
{
	begin(0x90);
	seven_is_spurious();
	end();
}

/* The slave's request is withdrawn after the master has taken it down: the CPU
 * asks for a number, and the slave has none but 7. */
static void
withdraw(void)
{
	irq_device_raise(IRQ_MOUSE);
	wait_requested(IRQ_MOUSE);
	wait_requested(PIC_CASCADE);
	outb(0xff, PIC_SLAVE_DATA);
	serve_all();
}

static void
fifteen_is_spurious(void)
{
	uint64_t before = interrupt_counts()->spurious;

	pic_unmask(IRQ_MOUSE);
	withdraw();
	expect_eq(interrupt_counts()->spurious - before, 1);
	expect_eq(pic.count[15], 0);
	expect_eq(pic.acknowledged, 0);
	if (in_service(PIC_CASCADE))
		ktest_note("after the spurious 15 the master still holds its "
		    "cascade in service: nobody told it the end");
	expect(!in_service(PIC_CASCADE));

	pic_unmask(IRQ_MOUSE);
	serve_all();
	expect_eq(pic.count[IRQ_MOUSE], 1);
	expect_eq(arrivals(IRQ_MOUSE), 1);
}

/* A spurious 15 is found, its end told to the master, and interrupts go on. */
KTEST(pic_a_spurious_15_ends_at_the_master, .exercise = "1.6", .weight = 2)
{
	with_pic(fifteen_is_spurious);
}

static void
expect_15_spurious_in_a_handler(void)
{
	expect(in_service(IRQ_DISK));
	expect(pic_spurious(15));
	if (!in_service(IRQ_DISK))
		ktest_note("a spurious 15 is the master's affair: the slave "
		    "was told an end, too, and lost input 14, which was in "
		    "service");
	expect(in_service(IRQ_DISK));
	expect(!in_service(PIC_CASCADE));
}

static void
slave_is_left_alone(void)
{
	pic_unmask(IRQ_DISK);
	pic.inside = expect_15_spurious_in_a_handler;
	expect_eq(arrivals(IRQ_DISK), 1);
}

/* The slave hears nothing of a spurious 15. */
KTEST(pic_a_spurious_15_is_not_told_to_the_slave, .exercise = "1.6",
    .weight = 1)
{
	with_pic(slave_is_left_alone);
}
