/* SPDX-License-Identifier: MIT */
/*
 * acpi.h - the firmware's tables.
 *
 * The root pointer (RSDP) leads to a table of tables (RSDT, or XSDT with
 * 64-bit addresses). Each is checked once, at boot: all of it is there, the
 * length is possible, the bytes sum to 0. What is not so is named in one line
 * and left out; nothing is believed because of where it lies.
 *
 * Owns      the list of tables. Boot option acpi=off|raw@ADDRESS.
 * Source    ACPI 6.3, 5.2.5 "Root System Description Pointer", 5.2.6 "System
 *           Description Table Header", 5.2.7, 5.2.8.
 */
#ifndef LAB1_ACPI_H
#define LAB1_ACPI_H

#include <lab0/types.h>

enum {
	ACPI_TABLES_MAX = 64,
	ACPI_TABLE_BYTES_MAX = 4 << 20,	/* one table; more is not believed */
	ACPI_BYTES_MAX = 16 << 20,	/* all, so that a boot ends in time */
	ACPI_RSDP_BYTES = 36,		/* 20 before ACPI 2.0 */
	ACPI_RSDP_OLD_BYTES = 20,
	ACPI_WARNING_MAX = 120,		/* bytes of a warning, with null */
};

/* What every table but the RSDP begins with. Unaligned in memory. */
struct packed acpi_header {
	char		signature[4];
	uint32_t	length;		/* bytes, with this header */
	uint8_t		revision;
	uint8_t		checksum;	/* makes the sum of all bytes 0 */
	char		oem_id[6];
	char		oem_table_id[8];
	uint32_t	oem_revision;
	uint32_t	creator_id;
	uint32_t	creator_revision;
};
static_assert(sizeof(struct acpi_header) == 36, "ACPI 6.3, table 5-29");

struct packed acpi_rsdp {
	char		signature[8];	/* "RSD PTR " */
	uint8_t		checksum;	/* of the first 20 bytes */
	char		oem_id[6];
	uint8_t		revision;	/* 0: ACPI 1.0, 2: the rest is there */
	uint32_t	rsdt;
	uint32_t	length;		/* of all of it */
	uint64_t	xsdt;
	uint8_t		extended_checksum; /* of all of it */
	uint8_t		reserved[3];
};
static_assert(sizeof(struct acpi_rsdp) == ACPI_RSDP_BYTES,
    "ACPI 6.3, table 5-27");

/* A generic address (12 bytes), as other tables use it. */
struct packed acpi_address {
	uint8_t		space;		/* 0: memory, 1: I/O ports */
	uint8_t		width_bits;
	uint8_t		offset_bits;
	uint8_t		access;
	uint64_t	address;
};

enum acpi_verdict {
	ACPI_GOOD,
	ACPI_UNREADABLE,	/* not, or not all, in memory that we see */
	ACPI_TOO_SHORT,		/* shorter than a header */
	ACPI_TOO_LONG,		/* longer than is believed */
	ACPI_BAD_CHECKSUM,
	ACPI_OVERLAPS,		/* shares bytes with one before it */
};

/* "good", "bad checksum", ... */
const char *acpi_verdict_text(enum acpi_verdict verdict);

/* A table as it was found; of an unreadable one only the address is known. */
struct acpi_table {
	paddr_t		address;
	char		signature[5];	/* as text, odd bytes shown as '?' */
	uint32_t	length;
	uint8_t		revision;
	enum acpi_verdict verdict;
};

struct acpi_tables {
	struct acpi_table root;		/* the RSDT or XSDT */
	unsigned	ntables;
	struct acpi_table tables[ACPI_TABLES_MAX];
	unsigned	nwarnings;
};

/*
 * Physical memory for the parser: `at` gives a pointer to `len_bytes` readable
 * bytes, or NULL where there are none; `warn` gets a line without newline.
 */
struct acpi_reader {
	const void	*(*at)(const struct acpi_reader *, paddr_t address,
			    size_t len_bytes);
	void		(*warn)(const struct acpi_reader *, const char *text);
};

/*
 * List the tables and check each. Any bytes end in a list.
 *
 * rsdp      at least rsdp_bytes bytes
 * rsdp_bytes 20 or 36
 * tables    filled
 * returns   0; -EINVAL: the RSDP or the root table is not good
 */
must_check int acpi_list(const struct acpi_reader *reader, const void *rsdp,
    unsigned rsdp_bytes, struct acpi_tables *tables);

/* Warn by a format, and count it. */
void acpi_warn(const struct acpi_reader *reader, unsigned *nwarnings,
    const char *fmt, ...) printf_like(3, 4);

/*
 * A good table of this machine, all of whose bytes may be read.
 *
 * signature four characters, such as "APIC"
 * n         0 for the first with that signature
 * returns   NULL: there is none, or it is not good, or acpi=off
 * context   any, after the boot step acpi_init
 */
const struct acpi_header *acpi_table(const char *signature, unsigned n);

/* The list; empty without ACPI. */
const struct acpi_tables *acpi_tables(void);

/* This machine's memory, for parsers of single tables. */
extern const struct acpi_reader acpi_memory;

#endif
