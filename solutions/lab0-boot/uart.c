/* SPDX-License-Identifier: MIT */
/*
 * uart.c - the 16550 UART, polled.
 *
 * Owns      nothing; a UART belongs to who calls.
 * Offers    uart_probe, uart_init, uart_putc, uart_getc.
 * Stands on io.h.
 * Source    PC16550D data sheet, section 8 "Registers".
 */
#include <lab0/uart.h>

#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/io.h>
#include <lab0/todo.h>

int
uart_probe(uint16_t port)
{
	/* EX 0.1 { see uart_probe in <lab0/uart.h> */
	uint8_t scratch = inb(port + UART_SCR);
	uint8_t modem = inb(port + UART_MCR);

	outb(0x5a, port + UART_SCR);
	bool keeps = inb(port + UART_SCR) == 0x5a;
	outb(0xa5, port + UART_SCR);
	keeps = keeps && inb(port + UART_SCR) == 0xa5;

	/* Looped back, RTS shows as CTS and OUT2 as carrier: nothing but a
	 * UART does that. */
	outb(MCR_LOOP | MCR_OUT2 | MCR_RTS, port + UART_MCR);
	bool loops = (inb(port + UART_MSR) & 0xf0) == 0x90;

	outb(modem, port + UART_MCR);
	outb(scratch, port + UART_SCR);
	return keeps && loops ? 0 : -ENODEV;
	/* EX 0.1 } (void)port; todo("0.1"); */
}

int
uart_init(uint16_t port, unsigned baud)
{
	/* EX 0.1 { see uart_init in <lab0/uart.h> */
	unsigned divisor = baud ? UART_BAUD_MAX / baud : 0;

	if (!divisor || divisor > 0xffff || divisor * baud != UART_BAUD_MAX)
		return -EINVAL;

	outb(LCR_DLAB, port + UART_LCR);
	outb(divisor & 0xff, port + UART_DLL);
	outb(divisor >> 8, port + UART_DLM);
	outb(LCR_8_BITS, port + UART_LCR);
	outb(0, port + UART_IER);
	outb(FCR_ENABLE | FCR_CLEAR_RX | FCR_CLEAR_TX | FCR_TRIGGER_14,
	    port + UART_FCR);
	outb(MCR_DTR | MCR_RTS, port + UART_MCR);
	return 0;
	/* EX 0.1 } (void)port; (void)baud; todo("0.1"); */
}

int
uart_putc(uint16_t port, uint8_t byte)
{
	/* EX 0.1 { see uart_putc in <lab0/uart.h> */
	for (unsigned i = 0; i < UART_WAIT_POLLS; i++) {
		if (inb(port + UART_LSR) & LSR_THR_EMPTY) {
			outb(byte, port + UART_THR);
			return 0;
		}
		cpu_pause();
	}
	return -ETIMEDOUT;
	/* EX 0.1 } (void)port; (void)byte; todo("0.1"); */
}

int
uart_getc(uint16_t port)
{
	/* EX 0.1 { see uart_getc in <lab0/uart.h> */
	if (!(inb(port + UART_LSR) & LSR_DATA_READY))
		return -1;
	return inb(port + UART_RBR);
	/* EX 0.1 } (void)port; todo("0.1"); */
}
