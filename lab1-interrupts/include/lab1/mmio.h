/* SPDX-License-Identifier: MIT */
/*
 * mmio.h - device registers in memory.
 *
 * register  address by the direct map, or another uncached mapping of it
 * context   any
 */
#ifndef LAB1_MMIO_H
#define LAB1_MMIO_H

#include <lab0/types.h>

static inline uint32_t
mmio_read32(const volatile void *at)
{
	return *(const volatile uint32_t *)at;
}

static inline void
mmio_write32(volatile void *at, uint32_t value)
{
	*(volatile uint32_t *)at = value;
}

static inline uint64_t
mmio_read64(const volatile void *at)
{
	return *(const volatile uint64_t *)at;
}

static inline void
mmio_write64(volatile void *at, uint64_t value)
{
	*(volatile uint64_t *)at = value;
}

#endif
