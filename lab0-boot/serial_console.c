/* SPDX-License-Identifier: MIT */
/*
 * serial_console.c - COM1 as a console.
 *
 * The fast path around uart_putc: a 16550 that can take one byte has room for
 * a whole FIFO, so one look at the line status buys 16 bytes. When the other
 * end takes nothing, one wait runs into its limit; then text is dropped,
 * without waiting, until there is room again.
 *
 * Owns      COM1.
 * Stands on uart.h (exercise 0.1).
 */
#include <lab0/uart.h>

#include <lab0/console.h>
#include <lab0/errno.h>
#include <lab0/io.h>

enum { SERIAL_PORT = UART_COM1, SERIAL_BAUD = 115200 };

static struct {
	unsigned	fifo_bytes;
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
	return 0;
}

/* Send a byte; `room` is how many the UART takes unasked. Returns it anew. */
static inline unsigned
send(uint8_t byte, unsigned room)
{
	if (room) {
		outb(byte, SERIAL_PORT + UART_THR);
		return room - 1;
	}
	if (uart_putc(SERIAL_PORT, byte) < 0)
		serial.stuck = true;
	return serial.fifo_bytes - 1;
}

static void
serial_write(const char *text, size_t len_bytes)
{
	unsigned room = 0;

	if (serial.stuck &&
	    !(inb(SERIAL_PORT + UART_LSR) & LSR_THR_EMPTY))
		return;
	serial.stuck = false;
	for (size_t i = 0; i < len_bytes && !serial.stuck; i++) {
		if (text[i] == '\n')
			room = send('\r', room);
		room = send((uint8_t)text[i], room);
	}
}

static int
serial_read(void)
{
	return uart_getc(SERIAL_PORT);
}

static const struct console serial_console = {
	.name = "serial",
	.exercise = "0.1",
	.probe = serial_probe,
	.write = serial_write,
	.read = serial_read,
};
CONSOLE_ADD(serial_console);
