/* SPDX-License-Identifier: MIT */
/*
 * memory_access.h - memory that may not be there, for who looks around.
 *
 * A singleton: the default asks the page tables first, and knows the boot's
 * own ones only; lab 1 tries, and survives the fault.
 *
 * address   any 64-bit value
 * context   any, also in a panic
 */
#ifndef LAB0_MEMORY_ACCESS_H
#define LAB0_MEMORY_ACCESS_H

#include <lab0/singleton.h>
#include <lab0/types.h>

struct memory_access {
	/*
	 * Copy bytes out, from the first on.
	 *
	 * returns   bytes that were not read, counted from the end; 0: all were
	 */
	size_t	(*read)(void *out, vaddr_t address, size_t len_bytes);

	/*
	 * Change 1, 2, 4 or 8 bytes at once.
	 *
	 * returns   0; -EFAULT: some cannot be written; none was changed
	 */
	int	(*write)(vaddr_t address, uint64_t value, size_t len_bytes);
};

SINGLETON_DECLARE(struct memory_access, memory_access);

#endif
