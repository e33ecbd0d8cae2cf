/* SPDX-License-Identifier: MIT */
/*
 * uart.h - the 16550 UART, the PC's serial port (exercise 0.1).
 *
 * Eight registers at consecutive ports. Offsets 0 and 1 mean something else
 * while LCR_DLAB is set: the divisor of the baud rate. `port` is the first of
 * the eight everywhere below.
 *
 * Source    National Semiconductor PC16550D data sheet, section 8 "Registers".
 */
#ifndef LAB0_UART_H
#define LAB0_UART_H

#include <lab0/types.h>

enum {
	UART_COM1 = 0x3f8,
	UART_COM2 = 0x2f8,
};

enum uart_register {
	UART_RBR = 0,		/* ro  receiver buffer */
	UART_THR = 0,		/* wo  transmitter holding */
	UART_DLL = 0,		/* rw  divisor, low byte (DLAB) */
	UART_IER = 1,		/* rw  interrupt enable */
	UART_DLM = 1,		/* rw  divisor, high byte (DLAB) */
	UART_IIR = 2,		/* ro  interrupt identification */
	UART_FCR = 2,		/* wo  FIFO control */
	UART_LCR = 3,		/* rw  line control */
	UART_MCR = 4,		/* rw  modem control */
	UART_LSR = 5,		/* ro  line status */
	UART_MSR = 6,		/* ro  modem status */
	UART_SCR = 7,		/* rw  scratch: does nothing at all */
};

enum {
	IER_RECEIVED = 0x01,	/* interrupt: bytes have arrived */
	IER_THR_EMPTY = 0x02,	/* ... it can take bytes to send */
	IER_LINE = 0x04,	/* ... an error, a break */
	IER_MODEM = 0x08,	/* ... a modem input has changed */
	FCR_ENABLE = 0x01,
	FCR_CLEAR_RX = 0x02,
	FCR_CLEAR_TX = 0x04,
	FCR_TRIGGER_8 = 0x80,	/* receive interrupt at 8 bytes */
	FCR_TRIGGER_14 = 0xc0,	/* ... at 14 */
	IIR_NONE = 0x01,	/* no interrupt is waiting */
	IIR_CAUSE = 0x0e,	/* or the most urgent one is: */
	IIR_MODEM = 0x00,	/* cleared by reading MSR */
	IIR_THR_EMPTY = 0x02,	/* ... by reading IIR, or writing THR */
	IIR_RECEIVED = 0x04,	/* ... by reading RBR */
	IIR_LINE = 0x06,	/* ... by reading LSR */
	IIR_TIMEOUT = 0x0c,	/* few bytes, and no more come: reading RBR */
	IIR_FIFO = 0xc0,	/* both bits: FIFOs are on */
	LCR_8_BITS = 0x03,
	LCR_2_STOP = 0x04,
	LCR_PARITY = 0x08,
	LCR_DLAB = 0x80,
	MCR_DTR = 0x01,
	MCR_RTS = 0x02,
	MCR_OUT1 = 0x04,
	MCR_OUT2 = 0x08,	/* PCs: lets the interrupt line through */
	MCR_LOOP = 0x10,	/* transmitter feeds receiver */
	LSR_DATA_READY = 0x01,
	LSR_OVERRUN = 0x02,	/* bytes were lost; reading clears these four */
	LSR_PARITY = 0x04,
	LSR_FRAMING = 0x08,
	LSR_BREAK = 0x10,
	LSR_THR_EMPTY = 0x20,	/* with FIFOs: all 16 places are free */
	LSR_IDLE = 0x40,	/* and the last bit is out on the line */
	MSR_CTS = 0x10,		/* inputs; looped back they show outputs: */
	MSR_DSR = 0x20,		/* CTS is RTS, DSR is DTR, */
	MSR_RI = 0x40,		/* RI is OUT1, */
	MSR_DCD = 0x80,		/* DCD is OUT2 */
};

enum {
	UART_CLOCK_HZ = 1843200,	/* the crystal */
	UART_BAUD_MAX = UART_CLOCK_HZ / 16, /* divisor 1 */
	UART_FIFO_BYTES = 16,
	UART_WAIT_POLLS = 65536,	/* 16 bytes at 115200 take 1.4 ms */
};

/*
 * Find out whether a UART answers at `port`. An empty port reads as 0xff, so
 * one value that comes back is not yet a proof.
 *
 * returns   0: it is there, with its modem control and scratch registers as
 *           they were; -ENODEV: nothing answers like a UART (what is at the
 *           port instead may keep what was written to it)
 * context   before uart_init; may lose bytes that are on the way
 */
must_check int uart_probe(uint16_t port);

/*
 * Set the line to `baud`, 8 data bits, no parity, 1 stop bit; FIFOs on and
 * cleared, DTR and RTS on, all UART interrupts off, no loopback; DLAB is
 * clear afterwards. OUT1 and OUT2 may be either.
 *
 * baud      divides UART_BAUD_MAX with a quotient of 1..65535
 * returns   0; -EINVAL: no such baud rate (nothing was changed)
 */
must_check int uart_init(uint16_t port, unsigned baud);

/*
 * Send one byte, waiting until the UART can take it.
 *
 * returns   0; -ETIMEDOUT: it could not within UART_WAIT_POLLS looks at the
 *           line status, the byte is dropped
 * context   any; never waits longer than that
 */
int uart_putc(uint16_t port, uint8_t byte);

/*
 * Take the oldest byte that has arrived.
 *
 * returns   0..255; -1: none is there. At a port without a UART the status
 *           reads 0xff, and so do endless bytes: ask uart_probe first.
 * context   any; never waits
 */
int uart_getc(uint16_t port);

#endif
