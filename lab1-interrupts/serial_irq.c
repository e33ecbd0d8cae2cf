/* SPDX-License-Identifier: MIT */
/*
 * serial_irq.c - the serial line by interrupt.
 *
 * The line to the controller is edge-triggered: an interrupt that is still
 * asked for when the handler leaves is no new edge, and would never come. So
 * the handler asks the UART until it has no more to say; if that takes too
 * long it turns all off and on in the UART, which makes the edge.
 *
 * Text goes to the UART at once while that takes it; only what it does not
 * take waits in the ring for its interrupt.
 *
 * Owns      COM1 while `on`; the two rings; the option serial=, the monitor
 *           command serial.
 * Offers    serial_by_interrupt, serial_counts.
 * Stands on serial_line, ring, irqchip; interrupts on (1.1 to 1.3).
 * Locks     serial.lock, a leaf, taken in interrupts.
 * Invariant (1) the interrupt for an empty transmitter is asked for exactly
 *               while the transmit ring holds something;
 *           (2) the one for received bytes exactly while not `held`.
 * Source    PC16550D data sheet, section 8 "Registers".
 */
#include <lab1/serial_irq.h>

#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/init.h>
#include <lab0/io.h>
#include <lab0/monitor.h>
#include <lab0/option.h>
#include <lab0/percpu.h>
#include <lab0/power.h>
#include <lab0/printk.h>
#include <lab0/ring.h>
#include <lab0/serial_line.h>
#include <lab0/spinlock.h>
#include <lab0/string.h>
#include <lab0/uart.h>
#include <lab1/irqchip.h>

OPTION(serial, "irq|poll", "how the serial line is served; default irq");

enum {
	ISA_IRQ = 4,		/* of COM1 */
	ROUNDS_MAX = 256,	/* in one interrupt: bounded, whatever comes */
	TRIALS = 2,		/* the second shows a missing end of interrupt */
};

/* Below every other lock: printk may come under any. The log's own is never
 * held while consoles write. */
LOCK_CLASS_LEAF(serial, 1);

/* Fields: I fixed once on, l lock, a atomic. */
static struct {
	struct spinlock	lock;
	bool		on;		/* [a] by interrupt; false: polled */
	bool		stuck;		/* [l] the other end takes nothing */
	bool		held;		/* [a] the receive ring was full, (2) */
	uint8_t		enabled;	/* [l] what IER is to be */
	unsigned	line;		/* [I] */
	struct ring	receive;	/* the handler puts, the reader gets */
	struct ring	transmit;	/* [l] */
	struct serial_counts counts;	/* [l] but for interrupts, [a] */
} serial = { .lock = SPINLOCK_INIT(serial) };

static uint8_t receive_bytes[SERIAL_RECEIVE_BYTES];
static uint8_t transmit_bytes[SERIAL_TRANSMIT_BYTES];

/* This CPU holds the lock: an NMI that prints would never get it. */
static PERCPU(bool, serial_busy);

static bool
begin(irqflags_t *flags)
{
	*flags = irq_save();
	if (*percpu_ptr(serial_busy)) {
		irq_restore(*flags);
		return false;
	}
	*percpu_ptr(serial_busy) = true;
	spin_lock(&serial.lock);
	return true;
}

static void
end(irqflags_t flags)
{
	spin_unlock(&serial.lock);
	*percpu_ptr(serial_busy) = false;
	irq_restore(flags);
}

/* The line status. Reading clears its errors, so each reading counts them. */
static uint8_t
line_status(void)
{
	uint8_t status = inb(UART_COM1 + UART_LSR);

	serial.counts.overruns += (status & LSR_OVERRUN) != 0;
	serial.counts.errors += (status & (LSR_PARITY | LSR_FRAMING)) != 0;
	serial.counts.breaks += (status & LSR_BREAK) != 0;
	return status;
}

/* Ask the UART for these interrupts. */
static void
enable(uint8_t which)
{
	if (serial.enabled != which)
		outb(which, UART_COM1 + UART_IER);
	serial.enabled = which;
}

static void
receive(void)
{
	uint8_t status;

	serial.held = false;
	while ((status = line_status()) & LSR_DATA_READY) {
		if (ring_free(&serial.receive) == 0) {
			serial.held = true;
			serial.counts.held++;
			break;
		}
		uint8_t byte = inb(UART_COM1 + UART_RBR);

		if (status & LSR_BREAK)
			continue;	/* it is no byte, though it reads as 0 */
		ring_put(&serial.receive, byte);
		serial.counts.received++;
	}
	enable(serial.held ? serial.enabled & (uint8_t)~IER_RECEIVED	/* (2) */
	    : serial.enabled | IER_RECEIVED);
}

/* Give the UART what it takes at once. */
static void
transmit(void)
{
	uint8_t batch[UART_FIFO_BYTES];
	unsigned fifo_bytes = serial_line_fifo();

	while (ring_used(&serial.transmit) &&
	    (line_status() & LSR_THR_EMPTY)) {
		size_t n = ring_read(&serial.transmit, batch, fifo_bytes);

		outsb(batch, n, UART_COM1 + UART_THR);
		serial.counts.sent += n;
		serial.stuck = false;
	}
	enable(ring_used(&serial.transmit)				/* (1) */
	    ? serial.enabled | IER_THR_EMPTY
	    : serial.enabled & (uint8_t)~IER_THR_EMPTY);
}

/* Do what one cause asks for. */
static void
serve(uint8_t cause)
{
	switch (cause) {
	case IIR_LINE:
		line_status();
		break;
	case IIR_RECEIVED:
	case IIR_TIMEOUT:
		receive();
		break;
	case IIR_THR_EMPTY:
		transmit();
		break;
	default:
		inb(UART_COM1 + UART_MSR);
		break;
	}
}

/*
 * Serve the UART until it asks for no more, bounded.
 *
 * returns   whether that was so; false: it was cut off
 */
static bool
serve_all(void)
{
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		uint8_t cause = inb(UART_COM1 + UART_IIR);

		if (cause & IIR_NONE)
			return true;
		if (round == 0)
			__atomic_add_fetch(&serial.counts.interrupts, 1,
			    __ATOMIC_RELAXED);
		serve(cause & IIR_CAUSE);
	}
	return false;
}

static uint64_t
bytes_moved(void)
{
	return serial.counts.received + serial.counts.sent;
}

/* It was cut off: make an edge, or give up on a UART that cries wolf. */
static void
go_on(bool moved)
{
	outb(0, UART_COM1 + UART_IER);
	if (moved)
		outb(serial.enabled, UART_COM1 + UART_IER);
	else
		serial.on = false;
}

/*
 * An edge that came while the handler, or somebody who writes, was at it
 * anyhow arrives when there is nothing left to do. So this one is always ours.
 */
static bool
serial_interrupt(struct interrupt_frame *frame, void *context)
{
	uint64_t before;
	irqflags_t flags;

	(void)frame;
	(void)context;
	if (!serial.on || !begin(&flags))
		return true;
	before = bytes_moved();
	if (!serve_all())
		go_on(bytes_moved() != before);
	end(flags);
	if (!serial.on)
		printk(LOG_ERR "serial: the UART interrupts without end and "
		    "moves no byte; polled from here on\n");
	return true;
}

static struct interrupt_handler handler = {
	.fn = serial_interrupt, .name = "serial",
};

/* Put into the ring what fits; returns how many bytes. */
static size_t
accept(const char *bytes, size_t len_bytes)
{
	size_t n;

	if (ring_free(&serial.transmit) < len_bytes)
		transmit();
	n = MIN(len_bytes, ring_free(&serial.transmit));
	ring_write(&serial.transmit, bytes, n);
	transmit();
	return n;
}

/* Interrupts are as they were between two tries: the handler makes room, too. */
static void
irq_write(const char *bytes, size_t len_bytes)
{
	unsigned polls = 0;
	irqflags_t flags;

	while (len_bytes && serial.on && begin(&flags)) {
		size_t n = accept(bytes, len_bytes);

		bytes += n;
		len_bytes -= n;
		polls = n ? 0 : polls + 1;
		serial.stuck = serial.stuck || polls == UART_WAIT_POLLS;
		if (serial.stuck && len_bytes) {
			serial.counts.dropped += len_bytes;
			len_bytes = 0;
		}
		end(flags);
		cpu_pause();
	}
	if (len_bytes) {	/* not by interrupt any more, or right now */
		serial_line_polled.drain();
		serial_line_polled.write(bytes, len_bytes);
	}
}

/*
 * Look after the UART on the reader's side: it is held back no longer, and
 * asks for what it should even if somebody has set it up anew, as the tests of
 * exercise 0.1 do.
 */
static void
refresh(void)
{
	irqflags_t flags;

	if (!begin(&flags))
		return;
	if (serial.held)
		receive();
	if (inb(UART_COM1 + UART_IER) != serial.enabled)
		outb(serial.enabled, UART_COM1 + UART_IER);
	end(flags);
}

static int
irq_read(void)
{
	int byte = ring_get(&serial.receive);

	if (serial.on && (byte < 0 || serial.held))
		refresh();
	if (byte < 0)
		return serial.on ? ring_get(&serial.receive)
		    : serial_line_polled.read();
	return byte;
}

/* Send all that waits; gives up when for so many looks nothing could go. */
static void
drain_locked(void)
{
	for (unsigned polls = 0; polls < UART_WAIT_POLLS; polls++) {
		uint64_t before = serial.counts.sent;

		transmit();
		if (!ring_used(&serial.transmit) && (line_status() & LSR_IDLE))
			return;
		if (serial.counts.sent != before)
			polls = 0;
		cpu_pause();
	}
}

static void
irq_drain(void)
{
	irqflags_t flags;

	if (!serial.on || !begin(&flags))
		return;
	drain_locked();
	end(flags);
}

static const struct serial_line irq_line = {
	.write = irq_write, .read = irq_read, .drain = irq_drain,
};

/* Without the lock: whoever holds it does not go on. */
static void
serial_ends(void)
{
	if (!serial.on)
		return;
	serial.on = false;
	drain_locked();
	outb(0, UART_COM1 + UART_IER);
}
HOOK_ADD(machine_ends, serial_ends);

bool
serial_by_interrupt(void)
{
	return serial.on;
}

struct serial_counts
serial_counts(void)
{
	struct serial_counts counts = { 0 };
	irqflags_t flags;

	if (begin(&flags)) {
		counts = serial.counts;
		end(flags);
	}
	counts.receive_waiting = ring_used(&serial.receive);
	counts.transmit_waiting = ring_used(&serial.transmit);
	return counts;
}

/* Ask for an interrupt that must come at once; did it? */
static bool
interrupt_comes(void)
{
	uint64_t before = __atomic_load_n(&serial.counts.interrupts,
	    __ATOMIC_RELAXED);
	irqflags_t flags;

	if (!begin(&flags))
		return false;
	enable(serial.enabled | IER_THR_EMPTY);
	end(flags);
	for (unsigned i = 0; i < UART_WAIT_POLLS; i++) {
		if (__atomic_load_n(&serial.counts.interrupts,
		    __ATOMIC_RELAXED) != before)
			return true;
		io_wait();
	}
	return false;
}

/* With text still going out, it is too early to ask. */
static bool
interrupts_come(void)
{
	for (unsigned i = 0; i < TRIALS; i++) {
		if ((inb(UART_COM1 + UART_LSR) & LSR_THR_EMPTY) &&
		    !interrupt_comes())
			return false;
	}
	return true;
}

static int
connect(void)
{
	int err;

	ring_init(&serial.receive, receive_bytes, sizeof(receive_bytes));
	ring_init(&serial.transmit, transmit_bytes, sizeof(transmit_bytes));
	serial.line = irq_line_of_isa(ISA_IRQ);
	if (serial_line_fifo() > 1)
		outb(FCR_ENABLE | FCR_TRIGGER_8, UART_COM1 + UART_FCR);
	outb(MCR_DTR | MCR_RTS | MCR_OUT2, UART_COM1 + UART_MCR);
	serial.on = true;
	err = irq_add(serial.line, &handler);
	if (!err && !interrupts_come()) {
		irq_remove(serial.line, &handler);
		err = -ETIMEDOUT;
	}
	if (err) {
		serial.on = false;
		outb(0, UART_COM1 + UART_IER);
		return err;
	}
	enable(IER_RECEIVED | IER_LINE);
	SINGLETON_REPLACE(serial_line, irq_line);
	return 0;
}

/* Whether the user wants interrupts; a wrong word is named, and ignored. */
static bool
wanted(void)
{
	const char *how = option_get("serial");

	if (how && strcmp(how, "poll") == 0)
		return false;
	if (how && strcmp(how, "irq") != 0)
		printk(LOG_WARNING "serial=%s: not one of irq, poll; taking "
		    "irq\n", how);
	return true;
}

static int
serial_irq_init(void)
{
	int err;

	if (!serial_line_open() || !wanted())
		return 0;
	if (!irq_enabled()) {
		printk(LOG_NOTICE "serial: polled, for interrupts are off\n");
		return 0;
	}
	err = connect();
	if (err)
		printk(LOG_NOTICE "serial: polled, its interrupts do not "
		    "come: %s\n", errno_text(err));
	return 0;
}
INIT_LATE(serial_irq_init);

static int
serial_command(int argc, char **argv)
{
	struct serial_counts c = serial_counts();

	(void)argv;
	if (argc > 1)
		return -EINVAL;
	if (!serial_line_open()) {
		console_printf("the serial line is not in use\n");
		return 0;
	}
	if (!serial.on) {
		console_printf("polled\n");
		return 0;
	}
	console_printf("by interrupt on line %u, %lu so far\n", serial.line,
	    c.interrupts);
	console_printf("received %lu, waiting %lu of %u, held back %lu times; "
	    "overruns %lu, errors %lu, breaks %lu\n", c.received,
	    c.receive_waiting, SERIAL_RECEIVE_BYTES, c.held, c.overruns,
	    c.errors, c.breaks);
	console_printf("sent %lu, waiting %lu of %u, dropped %lu\n", c.sent,
	    c.transmit_waiting, SERIAL_TRANSMIT_BYTES, c.dropped);
	return 0;
}
MONITOR_COMMAND(serial, "", "the serial line: bytes, errors, what waits",
    serial_command);
