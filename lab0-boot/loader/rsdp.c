/* SPDX-License-Identifier: MIT */
/*
 * rsdp.c - the door to the ACPI tables.
 *
 * Offers    rsdp_find.
 * Stands on the BIOS data area's pointer to the extended one.
 * Source    ACPI Specification 6.5, 5.2.5.1 "Finding the RSDP on IA-PC
 *           Systems".
 */
#include "rsdp.h"

#include <stdbool.h>
#include <stddef.h>

#include "bios.h"
#include "string.h"

enum {
	EBDA_BYTES = 1024,		/* of it, only these may hold it */
	ROM = 0xe0000,
	ROM_BYTES = 0x20000,
	STEP = 16,
};

static bool
sums_to_zero(const void *bytes, unsigned n)
{
	uint8_t sum = 0;

	for (const uint8_t *b = bytes; n > 0; n--)
		sum += *b++;
	return sum == 0;
}

static bool
rsdp_good(const struct rsdp *rsdp)
{
	if (memcmp(rsdp->signature, "RSD PTR ", 8) != 0 ||
	    !sums_to_zero(rsdp, RSDP_OLD_BYTES))
		return false;
	return rsdp->revision < 2 || (rsdp->length == RSDP_NEW_BYTES &&
	    sums_to_zero(rsdp, RSDP_NEW_BYTES));
}

static const struct rsdp *
search(uint32_t from, uint32_t bytes)
{
	for (uint32_t at = from; at < from + bytes; at += STEP) {
		const struct rsdp *rsdp = (const void *)at;

		/* Nearly all places fail at their first word. */
		if (*(const uint32_t *)at == 0x20445352 && rsdp_good(rsdp))
			return rsdp;
	}
	return NULL;
}

const struct rsdp *
rsdp_find(void)
{
	uint32_t ebda = (uint32_t)*ebda_segment << 4;
	const struct rsdp *found = NULL;

	if (ebda >= 0x80000 && ebda < 0xa0000)
		found = search(ebda, EBDA_BYTES);
	return found != NULL ? found : search(ROM, ROM_BYTES);
}
