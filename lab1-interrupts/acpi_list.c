/* SPDX-License-Identifier: MIT */
/*
 * acpi_list.c - from the root pointer to a list of checked tables.
 *
 * Nothing that the bytes say is used before it was compared with what is
 * really there, and no loop is longer than a constant.
 *
 * Offers    acpi_list, acpi_warn, acpi_verdict_text.
 * Stands on printk's formatter, string; also builds on the host.
 * Invariant (1) a table that is good lies in memory that the reader shows, is
 *               at most ACPI_TABLE_BYTES_MAX long and sums to 0;
 *           (2) no two good tables share a byte.
 * Source    ACPI 6.3, 5.2.5 to 5.2.8.
 */
#include <lab1/acpi.h>

#include <lab0/errno.h>
#include <lab0/printk.h>
#include <lab0/string.h>

/* What every step needs. */
struct listing {
	const struct acpi_reader *reader;
	struct acpi_tables *tables;
	uint64_t	bytes;		/* summed so far */
};

const char *
acpi_verdict_text(enum acpi_verdict verdict)
{
	static const char *const texts[] = {
		[ACPI_GOOD] = "good",
		[ACPI_UNREADABLE] = "not in memory that can be read",
		[ACPI_TOO_SHORT] = "shorter than its header",
		[ACPI_TOO_LONG] = "too long",
		[ACPI_BAD_CHECKSUM] = "bad checksum",
		[ACPI_OVERLAPS] = "overlaps a table before it",
	};

	return verdict < ARRAY_SIZE(texts) ? texts[verdict] : "?";
}

void
acpi_warn(const struct acpi_reader *reader, unsigned *nwarnings,
    const char *fmt, ...)
{
	char text[ACPI_WARNING_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintk(text, sizeof(text), fmt, args);
	va_end(args);
	(*nwarnings)++;
	reader->warn(reader, text);
}

static uint8_t
sum(const void *bytes, size_t len_bytes)
{
	const uint8_t *at = bytes;
	uint8_t total = 0;

	for (size_t i = 0; i < len_bytes; i++)
		total = (uint8_t)(total + at[i]);
	return total;
}

/* Four characters that may be anything. */
static void
copy_signature(char to[5], const char from[4])
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	to[4] = '\0';
}

static bool
shares_bytes(const struct acpi_table *a, const struct acpi_table *b)
{
	return a->address < b->address + b->length &&
	    b->address < a->address + a->length;
}

/* (2); the list grows one by one, so the later one is the one refused. */
static bool
overlaps_others(const struct listing *l, const struct acpi_table *table)
{
	const struct acpi_tables *all = l->tables;

	if (table != &all->root && shares_bytes(table, &all->root))
		return true;
	for (unsigned i = 0; i < all->ntables; i++) {
		if (all->tables[i].verdict == ACPI_GOOD &&
		    shares_bytes(table, &all->tables[i]))
			return true;
	}
	return false;
}

/* Fill *table from the bytes at its address, and judge it. */
static enum acpi_verdict
judge(struct listing *l, struct acpi_table *table)
{
	const struct acpi_header *header = l->reader->at(l->reader,
	    table->address, sizeof(*header));
	const void *bytes;

	if (!header)
		return ACPI_UNREADABLE;
	copy_signature(table->signature, header->signature);
	table->length = header->length;
	table->revision = header->revision;
	if (table->length < sizeof(*header))
		return ACPI_TOO_SHORT;
	if (table->length > ACPI_TABLE_BYTES_MAX ||
	    l->bytes + table->length > ACPI_BYTES_MAX)
		return ACPI_TOO_LONG;
	bytes = l->reader->at(l->reader, table->address, table->length);
	if (!bytes)
		return ACPI_UNREADABLE;
	if (overlaps_others(l, table))
		return ACPI_OVERLAPS;
	l->bytes += table->length;
	return sum(bytes, table->length) ? ACPI_BAD_CHECKSUM : ACPI_GOOD;
}

static void
look_at(struct listing *l, struct acpi_table *table, paddr_t address)
{
	*table = (struct acpi_table){ .address = address, .signature = "????" };
	table->verdict = judge(l, table);
	if (table->verdict != ACPI_GOOD)
		acpi_warn(l->reader, &l->tables->nwarnings,
		    "table %s at 0x%lx, %u bytes: %s; left out",
		    table->signature, table->address, table->length,
		    acpi_verdict_text(table->verdict));
}

/* Entries of the root table: addresses of 4 or 8 bytes, unaligned. */
static void
list_entries(struct listing *l, unsigned entry_bytes)
{
	struct acpi_tables *all = l->tables;
	const uint8_t *root = l->reader->at(l->reader, all->root.address,
	    all->root.length);
	uint32_t at = sizeof(struct acpi_header);

	for (; root && all->root.length - at >= entry_bytes;
	    at += entry_bytes) {
		uint64_t address = 0;

		memcpy(&address, root + at, entry_bytes);
		if (address == 0)
			continue;	/* some firmware leaves holes */
		if (all->ntables == ACPI_TABLES_MAX) {
			acpi_warn(l->reader, &all->nwarnings,
			    "more than %d tables; the others are left out",
			    ACPI_TABLES_MAX);
			return;
		}
		look_at(l, &all->tables[all->ntables], address);
		all->ntables++;
	}
	if (at != all->root.length)
		acpi_warn(l->reader, &all->nwarnings,
		    "%s ends inside an entry, bytes left: %u",
		    all->root.signature, all->root.length - at);
}

/* Whether the root table at an address is good; if so it is listed. */
static bool
list_root(struct listing *l, paddr_t address, const char *signature)
{
	struct acpi_table *root = &l->tables->root;

	look_at(l, root, address);
	if (root->verdict != ACPI_GOOD)
		return false;
	if (strcmp(root->signature, signature) != 0) {
		acpi_warn(l->reader, &l->tables->nwarnings,
		    "at 0x%lx is %s, which is not the %s", address,
		    root->signature, signature);
		return false;
	}
	list_entries(l, signature[0] == 'X' ? 8 : 4);
	return true;
}

static bool
has_new_part(struct listing *l, const struct acpi_rsdp *rsdp,
    unsigned rsdp_bytes)
{
	if (rsdp_bytes < ACPI_RSDP_BYTES || rsdp->revision < 2 ||
	    rsdp->xsdt == 0)
		return false;
	if (rsdp->length == ACPI_RSDP_BYTES &&
	    sum(rsdp, ACPI_RSDP_BYTES) == 0)
		return true;
	acpi_warn(l->reader, &l->tables->nwarnings,
	    "RSDP: the part since ACPI 2.0 is bad (length %u); using the "
	    "old one", rsdp->length);
	return false;
}

int
acpi_list(const struct acpi_reader *reader, const void *rsdp_bytes_at,
    unsigned rsdp_bytes, struct acpi_tables *tables)
{
	struct listing l = { .reader = reader, .tables = tables };
	struct acpi_rsdp rsdp = { 0 };

	memset(tables, 0, sizeof(*tables));
	memcpy(&rsdp, rsdp_bytes_at, MIN(rsdp_bytes, sizeof(rsdp)));
	if (memcmp(rsdp.signature, "RSD PTR ", sizeof(rsdp.signature)) != 0 ||
	    sum(&rsdp, ACPI_RSDP_OLD_BYTES) != 0) {
		acpi_warn(reader, &tables->nwarnings,
		    "RSDP: %s; there is no ACPI", sum(&rsdp,
		    ACPI_RSDP_OLD_BYTES) ? "bad checksum" : "bad signature");
		return -EINVAL;
	}
	if (has_new_part(&l, &rsdp, rsdp_bytes) &&
	    list_root(&l, rsdp.xsdt, "XSDT"))
		return 0;
	return list_root(&l, rsdp.rsdt, "RSDT") ? 0 : -EINVAL;
}
