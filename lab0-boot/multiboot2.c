/* SPDX-License-Identifier: MIT */
/*
 * multiboot2.c - boot facts from a Multiboot2 tag list.
 *
 * Every size is checked against what contains it before it is used, and every
 * step goes forward by at least a tag's head, so any bytes end the walk.
 *
 * Offers    multiboot2_parse.
 * Stands on bootfacts.h, string.h; also builds on the host.
 * Source    Multiboot2 Specification version 2.0, 3.6 "Boot information".
 */
#include <lab0/multiboot2.h>

#include <lab0/errno.h>
#include <lab0/string.h>

/* Layouts of 3.6; multi-byte fields are read by memcpy, for alignment. */
struct info_head {
	uint32_t	total_bytes;
	uint32_t	reserved;
};

struct tag_head {
	uint32_t	type;
	uint32_t	size_bytes;	/* with this head, without padding */
};

struct memmap_head {
	uint32_t	entry_bytes;
	uint32_t	entry_version;
};

struct framebuffer_body {
	uint64_t	address;
	uint32_t	pitch_bytes;
	uint32_t	width;
	uint32_t	height;
	uint8_t		depth_bits;
	uint8_t		type;
	uint16_t	reserved;
};
static_assert(sizeof(struct framebuffer_body) == 24, "3.6.12");

enum {
	MB2_FRAMEBUFFER_INDEXED = 0,
	MB2_FRAMEBUFFER_RGB = 1,
	MB2_FRAMEBUFFER_TEXT = 2,
	MB2_ALIGN = 8,
};

/* A tag whose bytes are all readable. */
struct tag {
	uint32_t	type;
	paddr_t		address;	/* of the body */
	const uint8_t	*body;
	uint32_t	body_bytes;
};

/* What every handler needs. */
struct parse {
	const struct boot_reader *reader;
	struct boot_facts *facts;
};

static void
warn(const struct parse *p, const char *what, uint64_t value)
{
	bootfacts_warn(p->reader, p->facts, what, value);
}

/* Copy a string that may lack its end; returns its first `size` bytes. */
static void
take_string(const struct parse *p, const struct tag *tag, char *to,
    size_t size)
{
	size_t len = strnlen((const char *)tag->body, tag->body_bytes);

	if (len == tag->body_bytes)
		warn(p, "multiboot2: a string has no end, tag type", tag->type);
	if (len >= size) {
		warn(p, "multiboot2: a string is cut, tag type", tag->type);
		len = size - 1;
	}
	memcpy(to, tag->body, len);
	to[len] = '\0';
}

static void
take_memmap(const struct parse *p, const struct tag *tag)
{
	struct memmap_head head;
	struct memmap_entry entry;

	if (tag->body_bytes < sizeof(head)) {
		warn(p, "multiboot2: memory map too short, bytes",
		    tag->body_bytes);
		return;
	}
	memcpy(&head, tag->body, sizeof(head));
	if (head.entry_bytes < sizeof(entry)) {
		warn(p, "multiboot2: memory map entries too small, bytes",
		    head.entry_bytes);
		return;
	}
	uint32_t at = sizeof(head);
	while (tag->body_bytes - at >= head.entry_bytes) {
		memcpy(&entry, tag->body + at, sizeof(entry));
		bootfacts_add_memory(p->reader, p->facts, &entry);
		at += head.entry_bytes;
	}
	if (at != tag->body_bytes)
		warn(p, "multiboot2: memory map ends inside an entry, bytes "
		    "left", tag->body_bytes - at);
}

static void
take_colors(const struct parse *p, const struct tag *tag)
{
	const uint8_t *color = tag->body + sizeof(struct framebuffer_body);
	struct boot_framebuffer *fb = &p->facts->framebuffer;

	if (tag->body_bytes < sizeof(struct framebuffer_body) + 6) {
		warn(p, "multiboot2: framebuffer without colours, bytes",
		    tag->body_bytes);
		return;
	}
	fb->kind = FRAMEBUFFER_RGB;
	fb->red = (struct color_field){ color[0], color[1] };
	fb->green = (struct color_field){ color[2], color[3] };
	fb->blue = (struct color_field){ color[4], color[5] };
}

static void
take_framebuffer(const struct parse *p, const struct tag *tag)
{
	struct boot_framebuffer *fb = &p->facts->framebuffer;
	struct framebuffer_body body;

	if (tag->body_bytes < sizeof(body)) {
		warn(p, "multiboot2: framebuffer tag too short, bytes",
		    tag->body_bytes);
		return;
	}
	memcpy(&body, tag->body, sizeof(body));
	fb->kind = FRAMEBUFFER_NONE;
	fb->address = body.address;
	fb->pitch_bytes = body.pitch_bytes;
	fb->width = body.width;
	fb->height = body.height;
	fb->depth_bits = body.depth_bits;
	if (body.type == MB2_FRAMEBUFFER_RGB)
		take_colors(p, tag);
	else if (body.type == MB2_FRAMEBUFFER_TEXT)
		fb->kind = FRAMEBUFFER_TEXT;
	else
		warn(p, "multiboot2: framebuffer of a kind we can't use, type",
		    body.type);
}

/* The old one (ACPI 1.0) only counts while there is no new one. */
static void
take_rsdp(const struct parse *p, const struct tag *tag)
{
	unsigned wanted = tag->type == MB2_TAG_RSDP_NEW ? 36 : 20;

	if (tag->body_bytes < wanted ||
	    memcmp(tag->body, "RSD PTR ", 8) != 0) {
		warn(p, "multiboot2: not an ACPI root pointer, tag type",
		    tag->type);
		return;
	}
	if (p->facts->rsdp_bytes > wanted)
		return;
	memcpy(p->facts->rsdp_copy, tag->body, wanted);
	p->facts->rsdp_bytes = wanted;
	p->facts->rsdp = tag->address;
}

static void
take_boot_device(const struct parse *p, const struct tag *tag)
{
	if (tag->body_bytes < sizeof(uint32_t)) {
		warn(p, "multiboot2: boot device tag too short, bytes",
		    tag->body_bytes);
		return;
	}
	memcpy(&p->facts->boot_device, tag->body, sizeof(uint32_t));
}

static void
take(const struct parse *p, const struct tag *tag)
{
	switch (tag->type) {
	case MB2_TAG_CMDLINE:
		take_string(p, tag, p->facts->cmdline,
		    sizeof(p->facts->cmdline));
		break;
	case MB2_TAG_LOADER:
		take_string(p, tag, p->facts->loader,
		    sizeof(p->facts->loader));
		break;
	case MB2_TAG_BOOT_DEVICE:
		take_boot_device(p, tag);
		break;
	case MB2_TAG_MEMMAP:
		take_memmap(p, tag);
		break;
	case MB2_TAG_FRAMEBUFFER:
		take_framebuffer(p, tag);
		break;
	case MB2_TAG_RSDP_OLD:
	case MB2_TAG_RSDP_NEW:
		take_rsdp(p, tag);
		break;
	}
}

/*
 * Read the tag at an offset of the block; false: no usable tag, which ends the
 * walk (with a warning unless it is the end tag).
 */
static bool
read_tag(const struct parse *p, paddr_t address, uint64_t left_bytes,
    struct tag *tag)
{
	struct tag_head head;
	const uint8_t *bytes = NULL;

	if (left_bytes >= sizeof(head))
		bytes = p->reader->at(p->reader, address, sizeof(head));
	if (!bytes) {
		warn(p, "multiboot2: the tags have no end, bytes left",
		    left_bytes);
		return false;
	}
	memcpy(&head, bytes, sizeof(head));
	if (head.type == MB2_TAG_END)
		return false;
	if (head.size_bytes < sizeof(head) || head.size_bytes > left_bytes ||
	    !(bytes = p->reader->at(p->reader, address, head.size_bytes))) {
		warn(p, "multiboot2: a tag has an impossible size, bytes",
		    head.size_bytes);
		return false;
	}
	*tag = (struct tag){
		.type = head.type,
		.address = address + sizeof(head),
		.body = bytes + sizeof(head),
		.body_bytes = head.size_bytes - (uint32_t)sizeof(head),
	};
	return true;
}

int
multiboot2_parse(const struct boot_reader *reader, paddr_t info,
    struct boot_facts *facts)
{
	struct parse p = { reader, facts };
	struct info_head head;
	struct tag tag;
	const void *bytes = reader->at(reader, info, sizeof(head));

	facts->boot_device = BOOT_NO_DEVICE;
	facts->door = "grub";
	if (!bytes)
		return -EFAULT;
	memcpy(&head, bytes, sizeof(head));
	if (head.total_bytes > MB2_INFO_MAX_BYTES) {
		warn(&p, "multiboot2: impossible total size, bytes",
		    head.total_bytes);
		head.total_bytes = MB2_INFO_MAX_BYTES;
	}
	uint64_t at = sizeof(head);
	uint64_t end = MAX(head.total_bytes, at);
	while (read_tag(&p, info + at, end - at, &tag)) {
		take(&p, &tag);
		at += ALIGN_UP(tag.body_bytes + sizeof(struct tag_head),
		    (size_t)MB2_ALIGN);
		at = MIN(at, end);
	}
	if (str_starts_with(facts->loader, "Strata"))
		facts->door = "own";
	return 0;
}
