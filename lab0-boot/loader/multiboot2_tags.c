/* SPDX-License-Identifier: MIT */
/*
 * multiboot2_tags.c - what the kernel is told.
 *
 * Owns      info_area: total size, then tags, each 8-byte aligned.
 * Offers    multiboot2_tags_make, multiboot2_passed.
 * Stands on memory, rsdp, disk; INT 10h for the screen's mode.
 * Source    Multiboot2 Specification 2.0, 3.6 "Boot information format".
 */
#include "multiboot2_tags.h"

#include <stddef.h>

#include "bios.h"
#include "disk.h"
#include "memory.h"
#include "rsdp.h"
#include "string.h"

enum {
	TAG_END = 0,
	TAG_CMDLINE = 1,
	TAG_LOADER_NAME = 2,
	TAG_BASIC_MEMORY = 4,
	TAG_BOOT_DEVICE = 5,
	TAG_FRAMEBUFFER = 8,
	TAG_RSDP_OLD = 14,
	TAG_RSDP_NEW = 15,

	FRAMEBUFFER_EGA_TEXT = 2,
	VGA_TEXT = 0xb8000,
	VGA_TEXT_MODE = 3,		/* 80x25, 16 colours */
	VGA_IN_ANSWER = 0x1a,		/* INT 10h AX=1A00h: there is a VGA */
};

static const uint32_t NO_PARTITION = 0xffffffff;

struct tag {
	uint32_t type, size;
};

struct screen {				/* body of the framebuffer tag */
	uint64_t address;
	uint32_t pitch, width, height;
	uint8_t depth, kind;
	uint16_t reserved;
} __attribute__((packed));
_Static_assert(sizeof(struct screen) == 24, "the kernel sees it");

static uint32_t info_bytes;

/* Room for a tag of `size` bytes, header included; the next is aligned. */
static void *
tag_add(uint32_t type, uint32_t size)
{
	struct tag *tag = (void *)(info_area + info_bytes);
	uint32_t padded = (size + 7) & ~7u;

	memset(tag, 0, padded);
	tag->type = type;
	tag->size = size;
	info_bytes += padded;
	return tag + 1;
}

static void
string_add(uint32_t type, const char *text)
{
	uint32_t bytes = strlen(text) + 1;

	memcpy(tag_add(type, sizeof(struct tag) + bytes), text, bytes);
}

static void
basic_memory_add(void)
{
	uint32_t *kib = tag_add(TAG_BASIC_MEMORY, sizeof(struct tag) + 8);

	kib[0] = memory_lower_kib();
	kib[1] = memory_upper_kib();
}

static void
boot_device_add(void)
{
	uint32_t *device = tag_add(TAG_BOOT_DEVICE, sizeof(struct tag) + 12);
	struct partition partition;

	device[0] = disk_drive();
	device[1] = disk_partition(PARTITION_STRATA, &partition) ?
	    partition.index : NO_PARTITION;
	device[2] = NO_PARTITION;	/* none within the partition */
}

static void
memory_map_add(void)
{
	const struct memory_map_tag *map = memory_map();
	void *body = tag_add(MEMORY_MAP_TAG, map->size);

	memcpy(body, &map->entry_size, map->size - sizeof(struct tag));
}

static void
rsdp_add(void)
{
	const struct rsdp *rsdp = rsdp_find();
	uint32_t bytes;

	if (rsdp == NULL)
		return;
	bytes = rsdp->revision < 2 ? RSDP_OLD_BYTES : RSDP_NEW_BYTES;
	memcpy(tag_add(rsdp->revision < 2 ? TAG_RSDP_OLD : TAG_RSDP_NEW,
	    sizeof(struct tag) + bytes), rsdp, bytes);
}

static bool
vga_present(void)
{
	struct bios_regs regs = { .eax = 0x1a00 };

	bios_call(0x10, &regs);
	return (regs.eax & 0xff) == VGA_IN_ANSWER;
}

/* Colour text is what the firmware leaves; anything else is set to it. */
static void
text_mode_set(void)
{
	struct bios_regs regs = { .eax = 0x0f00 };

	bios_call(0x10, &regs);
	if ((regs.eax & 0x7f) == VGA_TEXT_MODE)
		return;
	regs.eax = VGA_TEXT_MODE;
	bios_call(0x10, &regs);
}

static void
framebuffer_add(void)
{
	if (!vga_present())
		return;
	text_mode_set();
	*(struct screen *)tag_add(TAG_FRAMEBUFFER,
	    sizeof(struct tag) + sizeof(struct screen)) = (struct screen){
		.address = VGA_TEXT, .pitch = 160, .width = 80, .height = 25,
		.depth = 16, .kind = FRAMEBUFFER_EGA_TEXT,
	};
}

uint32_t
multiboot2_tags_make(const char *cmdline)
{
	info_bytes = 8;				/* total size, and a zero */
	string_add(TAG_CMDLINE, cmdline);
	string_add(TAG_LOADER_NAME, "Strata loader");
	basic_memory_add();
	boot_device_add();
	memory_map_add();
	rsdp_add();
	framebuffer_add();
	tag_add(TAG_END, sizeof(struct tag));
	((uint32_t *)info_area)[0] = info_bytes;
	((uint32_t *)info_area)[1] = 0;
	return (uint32_t)info_area;
}

bool
multiboot2_passed(uint32_t type)
{
	for (uint32_t at = 8; at < info_bytes;) {
		const struct tag *tag = (const void *)(info_area + at);

		if (tag->type == type)
			return true;
		at += (tag->size + 7) & ~7u;
	}
	return false;
}
