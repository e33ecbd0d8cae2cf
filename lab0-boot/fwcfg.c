/* SPDX-License-Identifier: MIT */
/*
 * fwcfg.c - QEMU's fw_cfg device, by port I/O.
 *
 * An item is selected by number, then read byte by byte. Files have numbers
 * too; the item FWCFG_DIRECTORY lists them, in big-endian numbers.
 *
 * Owns      the device's selection.
 * Offers    fwcfg_read.
 * Source    QEMU, docs/specs/fw_cfg.txt.
 */
#include <lab0/fwcfg.h>

#include <lab0/errno.h>
#include <lab0/io.h>
#include <lab0/string.h>

enum {
	FWCFG_SELECT_PORT = 0x510,	/* wo, 16 bits */
	FWCFG_DATA_PORT = 0x511,	/* ro, 8 bits */
	FWCFG_SIGNATURE = 0x0000,
	FWCFG_DIRECTORY = 0x0019,
	FWCFG_NAME_BYTES = 56,
	FWCFG_FILES_MAX = 1024,		/* more is taken for rubbish */
};

/* An entry of the directory. */
struct fwcfg_file {
	uint8_t		size[4];	/* big endian */
	uint8_t		select[2];	/* big endian */
	uint8_t		reserved[2];
	char		name[FWCFG_NAME_BYTES];
};
static_assert(sizeof(struct fwcfg_file) == 64, "as QEMU lays it out");

static void
select(uint16_t item)
{
	outw(item, FWCFG_SELECT_PORT);
}

static void
read_bytes(void *to, size_t len_bytes)
{
	uint8_t *byte = to;

	while (len_bytes--)
		*byte++ = inb(FWCFG_DATA_PORT);
}

static uint32_t
big_endian(const uint8_t *bytes, unsigned n)
{
	uint32_t value = 0;

	while (n--)
		value = value << 8 | *bytes++;
	return value;
}

static bool
present(void)
{
	char signature[4];

	select(FWCFG_SIGNATURE);
	read_bytes(signature, sizeof(signature));
	return memcmp(signature, "QEMU", sizeof(signature)) == 0;
}

static bool
find(const char *name, struct fwcfg_file *file)
{
	uint8_t count[4];

	select(FWCFG_DIRECTORY);
	read_bytes(count, sizeof(count));
	uint32_t n = MIN(big_endian(count, sizeof(count)), FWCFG_FILES_MAX);
	for (uint32_t i = 0; i < n; i++) {
		read_bytes(file, sizeof(*file));
		if (strncmp(file->name, name, sizeof(file->name)) == 0)
			return true;
	}
	return false;
}

ssize_t
fwcfg_read(const char *name, void *buffer, size_t size_bytes)
{
	struct fwcfg_file file;

	if (!present())
		return -ENODEV;
	if (!find(name, &file))
		return -ENOENT;
	size_t len = big_endian(file.size, sizeof(file.size));
	select((uint16_t)big_endian(file.select, sizeof(file.select)));
	read_bytes(buffer, MIN(len, size_bytes));
	return (ssize_t)len;
}
