/* SPDX-License-Identifier: MIT */
/*
 * crc32.h - the checksum of Ethernet, zip and our kernel file.
 */
#ifndef LOADER_CRC32_H
#define LOADER_CRC32_H

#include <stdint.h>

/* CRC-32 (reflected, polynomial 04C11DB7h), as Python's zlib.crc32. */
uint32_t crc32(const void *bytes, uint32_t size);

#endif
