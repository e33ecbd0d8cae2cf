/* SPDX-License-Identifier: MIT */
/*
 * bootfacts.h - what the boot loader told, whichever of the three it was.
 *
 * The parsers (multiboot2.h, pvh.h) fill a struct boot_facts from bytes that
 * they do not trust, reading physical memory only through a struct
 * boot_reader; they touch no hardware.
 */
#ifndef LAB0_BOOTFACTS_H
#define LAB0_BOOTFACTS_H

#include <lab0/types.h>

enum {
	BOOT_MAGIC_MULTIBOOT2 = 0x36d76289,
	BOOT_MAGIC_PVH = 0x336ec578,
	BOOT_MEMMAP_MAX = 128,
	BOOT_CMDLINE_BYTES = 1024,
	BOOT_LOADER_BYTES = 64,
	BOOT_RSDP_BYTES = 36,		/* ACPI 2.0; 20 in ACPI 1.0 */
};

/* Types of memory, as BIOS E820 numbers them. */
enum memory_type {
	MEMORY_USABLE = 1,
	MEMORY_RESERVED = 2,
	MEMORY_ACPI = 3,		/* tables, usable when read */
	MEMORY_ACPI_NVS = 4,
	MEMORY_BAD = 5,
};

struct memmap_entry {
	uint64_t	base;
	uint64_t	length;
	uint32_t	type;		/* enum memory_type, or unknown */
	uint32_t	reserved;
};

enum framebuffer_kind {
	FRAMEBUFFER_NONE,		/* the loader said nothing */
	FRAMEBUFFER_RGB,
	FRAMEBUFFER_TEXT,		/* VGA text, 80x25 */
};

/* One colour's bits in a pixel. */
struct color_field {
	uint8_t	position;		/* of the lowest bit */
	uint8_t	size;			/* bits */
};

struct boot_framebuffer {
	enum framebuffer_kind kind;
	paddr_t		address;
	uint32_t	pitch_bytes;	/* from one row to the next */
	uint32_t	width, height;	/* pixels, or characters for text */
	uint8_t		depth_bits;	/* per pixel */
	struct color_field red, green, blue;
};

enum { BOOT_NO_DEVICE = 0xffffffff };

/* All fields are fixed before the first boot step. Text is 0-terminated. */
struct boot_facts {
	const char	*door;		/* "own", "grub" or "pvh" */
	char		cmdline[BOOT_CMDLINE_BYTES];
	char		loader[BOOT_LOADER_BYTES];
	struct memmap_entry memmap[BOOT_MEMMAP_MAX]; /* as found: unsorted,
					may overlap, may be empty */
	unsigned	nmemmap;
	bool		memmap_full;	/* there were more */
	paddr_t		rsdp;		/* ACPI's root pointer; 0: unknown */
	uint8_t		rsdp_copy[BOOT_RSDP_BYTES];
	unsigned	rsdp_bytes;	/* 0, 20 or 36 */
	struct boot_framebuffer framebuffer;
	uint32_t	boot_device;	/* BIOS drive, or BOOT_NO_DEVICE */
	unsigned	nwarnings;	/* malformed things met */
};

/*
 * Physical memory for a parser. `at` gives a pointer to `len_bytes` readable
 * bytes, or NULL where there are none.
 */
struct boot_reader {
	const void	*(*at)(const struct boot_reader *, paddr_t address,
			    size_t len_bytes);
	void		(*warn)(const struct boot_reader *, const char *what,
			    uint64_t value);
};

/* The facts of this boot; constant once bootfacts_init has returned. */
const struct boot_facts *boot_facts(void);

/*
 * Read the facts: the boot loader's, then QEMU's fw_cfg files
 * opt/strata/cmdline (appended) and opt/strata/token, then the test option
 * memmap=raw@ADDR,COUNT.
 *
 * magic     what the entry code was given, a BOOT_MAGIC_*
 * info      physical address of the boot information
 * returns   0; -EINVAL: unknown magic, the facts are empty
 * context   once, before consoles; needs the direct map
 */
int bootfacts_init(uint32_t magic, paddr_t info);

/* Bytes of usable memory in the map; overlapping entries count twice. */
uint64_t boot_memory_usable(const struct boot_facts *facts);

/*
 * Whether any of these bytes is memory by the map, whatever its use; registers
 * of devices lie where none is, or where it says reserved.
 */
bool boot_memory_at(const struct boot_facts *facts, paddr_t address,
    uint64_t len_bytes);

/* "usable", "reserved", ...; "unknown" for other types. */
const char *memory_type_name(uint32_t type);

/* For the parsers. */

/* Note something malformed and go on. */
void bootfacts_warn(const struct boot_reader *reader, struct boot_facts *facts,
    const char *what, uint64_t value);

/* Append an entry; a full map drops it and warns, once. */
void bootfacts_add_memory(const struct boot_reader *reader,
    struct boot_facts *facts, const struct memmap_entry *entry);

/*
 * Append options to the command line, after a blank.
 *
 * returns   0; -E2BIG: no room, nothing was appended
 */
int bootfacts_append_cmdline(struct boot_facts *facts, const char *options,
    size_t len_bytes);

#endif
