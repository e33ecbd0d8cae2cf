/* SPDX-License-Identifier: MIT */
/*
 * fault_bench.c - what a safe access costs, with and without a fault.
 */
#include <lab0/bench.h>

#include <lab1/safe_access.h>

/* Nothing is mapped there before lab 2. */
#define UNMAPPED 0xffffc00000123450ul

static uint64_t word;

KBENCH(safe_read, "safe_read64 of a good address; goal 25, Linux 6.1 61")
{
	uint64_t value;

	(void)!safe_read64((vaddr_t)&word, &value);
}

KBENCH(fault_fixup,
    "safe_read64 of a bad address, -EFAULT; goal 250, Linux 6.1 607")
{
	uint64_t value;

	(void)!safe_read64(UNMAPPED, &value);
}

KBENCH(safe_copy_page, "safe_copy of 4,096 bytes")
{
	static uint8_t from[4096], to[4096];

	(void)!safe_copy(to, from, sizeof(from));
}
