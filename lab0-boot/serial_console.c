/* SPDX-License-Identifier: MIT */
/*
 * serial_console.c - COM1 as a console.
 *
 * The fast path around uart_putc: a 16550 that can take one byte has room for
 * a whole FIFO, and it only ever gains room by itself, so one look at the line
 * status buys 16 bytes. When the other end takes nothing, one wait runs into
 * its limit; then text is dropped, without waiting, until there is room again.
 *
 * Owns      COM1.
 * Offers    serial_line and its default.
 * Stands on uart.h (exercise 0.1).
 */
#include <lab0/serial_line.h>

#include <lab0/console.h>
#include <lab0/io.h>
#include <lab0/uart.h>

enum { SERIAL_PORT = UART_COM1, SERIAL_BAUD = 115200 };

static struct {
	bool		open;
	unsigned	fifo_bytes;
	unsigned	room;		/* the UART takes so many unasked */
	bool		stuck;		/* the last wait ran into its limit */
} serial;

static int
serial_probe(void)
{
	int err = uart_probe(SERIAL_PORT);

	if (!err)
		err = uart_init(SERIAL_PORT, SERIAL_BAUD);
	if (err)
		return err;
	bool fifo = (inb(SERIAL_PORT + UART_IIR) & IIR_FIFO) == IIR_FIFO;
	serial.fifo_bytes = fifo ? UART_FIFO_BYTES : 1;
	serial.open = true;
	return 0;
}

bool
serial_line_open(void)
{
	return serial.open;
}

unsigned
serial_line_fifo(void)
{
	return serial.fifo_bytes;
}

static void
send(const char *text, size_t len_bytes)
{
	while (len_bytes && !serial.stuck) {
		if (serial.room == 0) {
			serial.stuck = uart_putc(SERIAL_PORT,
			    (uint8_t)*text++) < 0;
			serial.room = serial.fifo_bytes - 1;
			len_bytes--;
		}
		size_t n = MIN(len_bytes, serial.room);
		outsb(text, n, SERIAL_PORT + UART_THR);
		serial.room -= n;
		text += n;
		len_bytes -= n;
	}
}

static void
polled_write(const char *text, size_t len_bytes)
{
	if (serial.stuck) {
		if (!(inb(SERIAL_PORT + UART_LSR) & LSR_THR_EMPTY))
			return;
		serial.stuck = false;
		serial.room = 0;
	}
	send(text, len_bytes);
}

static int
polled_read(void)
{
	return uart_getc(SERIAL_PORT);
}

/* All is in the UART already. Whoever asks may use it next, so what room it
 * has is not known any more. */
static void
polled_drain(void)
{
	serial.room = 0;
}

const struct serial_line serial_line_polled = {
	.write = polled_write,
	.read = polled_read,
	.drain = polled_drain,
};
SINGLETON_DEFINE(struct serial_line, serial_line, serial_line_polled);

/* Length of the text before its first newline. One instruction for it all:
 * every line that the kernel prints goes through here. */
static size_t
line_length(const char *text, size_t len_bytes)
{
	const char *at = text;
	bool found;

	if (!len_bytes)
		return 0;
	__asm__("repne scasb"
	    : "+D"(at), "+c"(len_bytes), "=@cce"(found)
	    : "a"('\n') : "memory");
	return (size_t)(at - text) - found;
}

static void
serial_write(const char *text, size_t len_bytes)
{
	while (len_bytes) {
		size_t n = line_length(text, len_bytes);

		if (n)
			serial_line->write(text, n);
		if (n < len_bytes) {
			serial_line->write("\r\n", 2);
			n++;
		}
		text += n;
		len_bytes -= n;
	}
}

static int
serial_read(void)
{
	return serial_line->read();
}

static const struct console serial_console = {
	.name = "serial",
	.exercise = "0.1",
	.probe = serial_probe,
	.write = serial_write,
	.read = serial_read,
};
CONSOLE_ADD(serial_console);
