/* SPDX-License-Identifier: MIT */
/*
 * crc32.c - the checksum of Ethernet, zip and our kernel file.
 *
 * Four bytes a step: row k holds the effect of a byte that k more bytes
 * follow, so four look-ups do the work of four rounds, without one having to
 * wait for the other.
 *
 * Owns      the tables (4 KiB, made at the first use).
 * Offers    crc32.
 * Source    Kounavis and Berry, "A Systematic Approach to Building High
 *           Performance Software-based CRC Generators", 2005.
 */
#include "crc32.h"

enum { ROWS = 4 };

static const uint32_t POLYNOMIAL = 0xedb88320;	/* 04C11DB7h, reflected */

static uint32_t table[ROWS][256];

static void
table_make(void)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		uint32_t crc = byte;

		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		table[0][byte] = crc;
	}
	for (unsigned row = 1; row < ROWS; row++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			uint32_t crc = table[row - 1][byte];

			table[row][byte] = crc >> 8 ^ table[0][crc & 0xff];
		}
	}
}

uint32_t
crc32(const void *bytes, uint32_t size)
{
	const uint8_t *next = bytes;
	uint32_t crc = ~0u;

	if (table[0][1] == 0)
		table_make();
	for (; size >= ROWS; size -= ROWS, next += ROWS) {
		crc ^= *(const uint32_t *)next;	/* x86: unaligned is fine */
		crc = table[3][crc & 0xff] ^ table[2][crc >> 8 & 0xff] ^
		    table[1][crc >> 16 & 0xff] ^ table[0][crc >> 24];
	}
	for (; size > 0; size--)
		crc = crc >> 8 ^ table[0][(crc ^ *next++) & 0xff];
	return ~crc;
}
