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
	/* Exercise 0.1 (1 of 4): see uart_probe in <lab0/uart.h> */
	(void)port; todo("0.1");
}

int
uart_init(uint16_t port, unsigned baud)
{
	/* Exercise 0.1 (2 of 4): see uart_init in <lab0/uart.h> */
	(void)port; (void)baud; todo("0.1");
}

int
uart_putc(uint16_t port, uint8_t byte)
{
	/* Exercise 0.1 (3 of 4): see uart_putc in <lab0/uart.h> */
	(void)port; (void)byte; todo("0.1");
}

int
uart_getc(uint16_t port)
{
	/* Exercise 0.1 (4 of 4): see uart_getc in <lab0/uart.h> */
	(void)port; todo("0.1");
}
