/* SPDX-License-Identifier: MIT */
/*
 * safe_access.h - memory that may not be there.
 *
 * address   any 64-bit value, also one that is not canonical
 * returns   0; -EFAULT: it cannot be read or written; *out is untouched then
 * context   any, also in a panic
 */
#ifndef LAB1_SAFE_ACCESS_H
#define LAB1_SAFE_ACCESS_H

#include <lab0/types.h>

must_check int safe_read8(vaddr_t address, uint8_t *out);
must_check int safe_read16(vaddr_t address, uint16_t *out);
must_check int safe_read32(vaddr_t address, uint32_t *out);
must_check int safe_read64(vaddr_t address, uint64_t *out);
must_check int safe_write8(vaddr_t address, uint8_t value);
must_check int safe_write16(vaddr_t address, uint16_t value);
must_check int safe_write32(vaddr_t address, uint32_t value);
must_check int safe_write64(vaddr_t address, uint64_t value);

/*
 * Copy bytes from or to memory that may not be there, from the first on. The
 * two don't overlap.
 *
 * returns   bytes that were not copied, counted from the end; 0: all were
 */
must_check size_t safe_copy(void *to, const void *from, size_t len_bytes);

#endif
