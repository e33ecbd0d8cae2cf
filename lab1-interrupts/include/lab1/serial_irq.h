/* SPDX-License-Identifier: MIT */
/*
 * serial_irq.h - the serial line by interrupt.
 *
 * What arrives waits in a ring for its reader, what is written waits in
 * another one for the UART. When the receive ring is full the UART is left
 * alone until somebody has read: the other end then sees that it must wait, if
 * the line has a way to say so. In a panic, and when the machine ends, the line
 * is polled again, after all that waited has been sent.
 *
 * Owns      COM1, once connected. Boot option serial=irq|poll.
 * Source    PC16550D data sheet, section 8 "Registers".
 */
#ifndef LAB1_SERIAL_IRQ_H
#define LAB1_SERIAL_IRQ_H

#include <lab0/types.h>

enum {
	SERIAL_RECEIVE_BYTES = 2048,	/* of the rings; powers of two */
	SERIAL_TRANSMIT_BYTES = 8192,
};

/* Since the line was connected. */
struct serial_counts {
	uint64_t	interrupts;	/* that were the UART's */
	uint64_t	received;	/* bytes, without breaks */
	uint64_t	held;		/* times that the ring was full */
	uint64_t	overruns;	/* the UART says that bytes were lost */
	uint64_t	errors;		/* parity, framing */
	uint64_t	breaks;
	uint64_t	sent;		/* bytes */
	uint64_t	dropped;	/* bytes that nobody took in time */
	uint64_t	receive_waiting, transmit_waiting;	/* now */
};

/*
 * Whether keys come, and text goes, by interrupt.
 *
 * context   any
 */
bool serial_by_interrupt(void);

/*
 * context   any
 * locks     takes serial.lock
 */
struct serial_counts serial_counts(void);

#endif
