/* SPDX-License-Identifier: MIT */
/*
 * serial_line.h - how bytes get onto COM1 and from it.
 *
 * A singleton below the serial console: the default looks at the UART and
 * waits (exercise 0.1); an upper floor that has interrupts puts its own there,
 * once the line is open.
 */
#ifndef LAB0_SERIAL_LINE_H
#define LAB0_SERIAL_LINE_H

#include <lab0/singleton.h>
#include <lab0/types.h>

struct serial_line {
	/* Send bytes as they are. If the other end takes none, waits are
	 * bounded, and then bytes are dropped. Any context. */
	void	(*write)(const char *bytes, size_t len_bytes);
	/* The next byte received, 0..255, or -1. Never waits; any context. */
	int	(*read)(void);
	/* Return when all that was written has been sent, bounded likewise.
	 * Any context. */
	void	(*drain)(void);
};

SINGLETON_DECLARE(struct serial_line, serial_line);

/* The default: for who replaces it and must go back. */
extern const struct serial_line serial_line_polled;

/*
 * Whether the console has found a UART there and set it up, i.e. the line is
 * in use.
 *
 * context   any
 */
bool serial_line_open(void);

/* Size of the UART's transmit FIFO in bytes; 1: it has none. */
unsigned serial_line_fifo(void);

#endif
