/* SPDX-License-Identifier: MIT */
/*
 * uart.c - the 16550 UART, polled.
 *
 * Owns      nothing; a UART belongs to who calls.
 * Offers    uart_probe, uart_init, uart_putc, uart_getc.
 * Stands on io.h.
 * Source    PC16550D data sheet, section 8 "Registers".
 *
 * Both questions to the chip are tables: what the probe writes and expects to
 * read elsewhere, and what the start writes in which order.
 */
#include <lab0/uart.h>

#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/io.h>

/* The modem status' four inputs; its other bits tell what changed. */
enum {
	MSR_INPUTS = MSR_CTS | MSR_DSR | MSR_RI | MSR_DCD,
};

enum { DIVISOR_MAX = 0xffff };

/* In loopback: outputs written, inputs they become, a number to keep. */
struct echo {
	uint8_t outputs, inputs, scratch;
};

static const struct echo echoes[] = {
	{ 0, 0, 0xaa },
	{ MCR_DTR | MCR_OUT1, MSR_DSR | MSR_RI, 0x55 },
	{ MCR_RTS | MCR_OUT2, MSR_CTS | MSR_DCD, 0xc3 },
	{ MCR_DTR, MSR_DSR, 0x3c },
	{ MCR_RTS, MSR_CTS, 0x00 },
};

struct setting {
	uint16_t	reg;
	uint8_t		value;
};

static bool
answers(uint16_t port, const struct echo *echo)
{
	outb(MCR_LOOP | echo->outputs, port + UART_MCR);
	outb(echo->scratch, port + UART_SCR);
	return (inb(port + UART_MSR) & MSR_INPUTS) == echo->inputs &&
	    inb(port + UART_SCR) == echo->scratch;
}

/* Whether all these line status bits are set at one of so many looks. */
static bool
line_status(uint16_t port, uint8_t bits, unsigned looks)
{
	do {
		if ((inb(port + UART_LSR) & bits) == bits)
			return true;
		cpu_pause();
	} while (--looks);
	return false;
}

int
uart_probe(uint16_t port)
{
	uint8_t scratch = inb(port + UART_SCR);
	uint8_t modem = inb(port + UART_MCR);
	size_t n = 0;

	while (n < ARRAY_SIZE(echoes) && answers(port, &echoes[n]))
		n++;
	outb(scratch, port + UART_SCR);
	outb(modem, port + UART_MCR);
	return n == ARRAY_SIZE(echoes) ? 0 : -ENODEV;
}

int
uart_init(uint16_t port, unsigned baud)
{
	unsigned divisor = baud ? UART_BAUD_MAX / baud : 0;

	/* A divisor of 0 has no product with baud that is UART_BAUD_MAX. */
	if (divisor * baud != UART_BAUD_MAX || divisor > DIVISOR_MAX)
		return -EINVAL;

	const struct setting settings[] = {
		{ UART_LCR, LCR_8_BITS },	/* else IER may be hidden */
		{ UART_IER, 0 },
		{ UART_LCR, LCR_8_BITS | LCR_DLAB },
		{ UART_DLM, (uint8_t)(divisor >> 8) },
		{ UART_DLL, (uint8_t)divisor },
		{ UART_LCR, LCR_8_BITS },
		{ UART_MCR, MCR_DTR | MCR_RTS },
		{ UART_FCR, FCR_ENABLE | FCR_CLEAR_RX | FCR_CLEAR_TX },
	};
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		outb(settings[i].value, port + settings[i].reg);
	return 0;
}

int
uart_putc(uint16_t port, uint8_t byte)
{
	if (!line_status(port, LSR_THR_EMPTY, UART_WAIT_POLLS))
		return -ETIMEDOUT;
	outb(byte, port + UART_THR);
	return 0;
}

int
uart_getc(uint16_t port)
{
	return line_status(port, LSR_DATA_READY, 1) ? inb(port + UART_RBR) : -1;
}
