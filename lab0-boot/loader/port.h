/* SPDX-License-Identifier: MIT */
/*
 * port.h - I/O ports.
 */
#ifndef LOADER_PORT_H
#define LOADER_PORT_H

#include <stdint.h>

static inline uint8_t
inb(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void
outb(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

#endif
