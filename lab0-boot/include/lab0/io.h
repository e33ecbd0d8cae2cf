/* SPDX-License-Identifier: MIT */
/*
 * io.h - the x86 I/O port instructions.
 *
 * port      0..0xffff
 * context   any; kernel mode
 * source    Intel SDM vol. 1 "Input/Output"
 */
#ifndef LAB0_IO_H
#define LAB0_IO_H

#include <lab0/types.h>

static inline void
outb(uint8_t value, uint16_t port)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void
outw(uint16_t value, uint16_t port)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void
outl(uint32_t value, uint16_t port)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t
inb(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint16_t
inw(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint32_t
inl(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

/* Write bytes to one port, one after the other. */
static inline void
outsb(const void *bytes, size_t len_bytes, uint16_t port)
{
	__asm__ volatile("rep outsb"
	    : "+S"(bytes), "+c"(len_bytes) : "d"(port) : "memory");
}

/* About a microsecond: a write to the POST port, which no device answers. */
static inline void
io_wait(void)
{
	outb(0, 0x80);
}

#endif
