/* SPDX-License-Identifier: MIT */
/*
 * boot_parsers_test.c - Multiboot2 and PVH information of all qualities.
 *
 * Physical memory is an array that begins at WINDOW; the reader refuses all
 * else and counts what it refused.
 */
#include <lab0/bootfacts.h>
#include <lab0/multiboot2.h>
#include <lab0/pvh.h>

#include <lab0/errno.h>
#include <lab0/ktest.h>
#include <lab0/string.h>

enum {
	WINDOW = 0x10000,
	WINDOW_BYTES = 8192,
	FUZZ_ROUNDS = 300,
	MAP_ENTRY = 24,
};

static uint8_t window[WINDOW_BYTES];
static size_t used;			/* bytes of the block being built */
static struct boot_facts facts;
static unsigned warnings;

static const void *
window_at(const struct boot_reader *reader, paddr_t address, size_t len_bytes)
{
	(void)reader;
	if (address < WINDOW || len_bytes > WINDOW_BYTES ||
	    address - WINDOW > WINDOW_BYTES - len_bytes)
		return NULL;
	return &window[address - WINDOW];
}

static void
count_warning(const struct boot_reader *reader, const char *what,
    uint64_t value)
{
	(void)reader;
	(void)what;
	(void)value;
	warnings++;
}

static const struct boot_reader reader = {
	.at = window_at, .warn = count_warning,
};

static void
put(const void *bytes, size_t len_bytes)
{
	memcpy(&window[used], bytes, len_bytes);
	used += len_bytes;
}

static void
put32(uint32_t value)
{
	put(&value, sizeof(value));
}

static void
put64(uint64_t value)
{
	put(&value, sizeof(value));
}

static void
set32(size_t offset, uint32_t value)
{
	memcpy(&window[offset], &value, sizeof(value));
}

/* Begin a tag list; its rest is rubbish, as memory is. */
static void
begin(void)
{
	for (size_t i = 0; i < sizeof(window); i++)
		window[i] = (uint8_t)ktest_random();
	memset(&facts, 0, sizeof(facts));
	warnings = 0;
	used = 0;
	put32(0);
	put32(0);
}

static void
put_tag(uint32_t type, const void *body, uint32_t len_bytes)
{
	put32(type);
	put32(len_bytes + 8);
	put(body, len_bytes);
	used = ALIGN_UP(used, (size_t)8);
}

static void
put_entry(uint64_t base, uint64_t length, uint32_t type)
{
	put64(base);
	put64(length);
	put32(type);
	put32(0);
}

static void
put_memmap(unsigned entries)
{
	put32(MB2_TAG_MEMMAP);
	put32(16 + MAP_ENTRY * entries);
	put32(MAP_ENTRY);
	put32(0);
	for (unsigned i = 0; i < entries; i++)
		put_entry(i * 0x1000ul, 0x2000, 1 + i % 2);	/* overlap */
}

static int
finish(void)
{
	put_tag(MB2_TAG_END, NULL, 0);
	set32(0, (uint32_t)used);
	return multiboot2_parse(&reader, WINDOW, &facts);
}

static void
put_all_tags(void)
{
	static const uint8_t rsdp[36] = "RSD PTR ";
	static const uint8_t framebuffer[32] = {
		0, 0, 0, 0xfd, 0, 0, 0, 0,	/* address */
		0, 20, 0, 0, 0, 5, 0, 0,	/* pitch 5120, width 1280 */
		0x20, 3, 0, 0, 32, 1, 0, 0,	/* height 800, depth, RGB */
		16, 8, 8, 8, 0, 8, 0, 0,
	};

	put_tag(MB2_TAG_CMDLINE, "main=exit", 10);
	put_tag(MB2_TAG_LOADER, "Strata loader", 14);
	put_tag(99, "?", 1);
	put_memmap(5);
	put_tag(MB2_TAG_FRAMEBUFFER, framebuffer, 31);
	put_tag(MB2_TAG_RSDP_NEW, rsdp, 36);
	put_tag(MB2_TAG_RSDP_OLD, rsdp, 20);
	put_tag(MB2_TAG_BOOT_DEVICE, "\x80\0\0\0\0\0\0\0\0\0\0", 12);
}

KTEST(multiboot2_tags_become_facts)
{
	begin();
	put_all_tags();
	expect_eq(finish(), 0);
	expect_eq(warnings, 0);
	expect_streq(facts.door, "own");
	expect_streq(facts.cmdline, "main=exit");
	expect_streq(facts.loader, "Strata loader");
	expect_eq(facts.nmemmap, 5);
	expect_eq(facts.memmap[3].base, 0x3000);
	expect_eq(facts.memmap[3].type, 2);
	expect_eq(facts.framebuffer.kind, FRAMEBUFFER_RGB);
	expect_eq(facts.framebuffer.address, 0xfd000000);
	expect_eq(facts.framebuffer.pitch_bytes, 5120);
	expect_eq(facts.framebuffer.width, 1280);
	expect_eq(facts.framebuffer.red.position, 16);
	expect_eq(facts.rsdp_bytes, 36);
	expect_eq(facts.boot_device, 0x80);
}

KTEST(multiboot2_stops_at_a_tag_of_size_0)
{
	begin();
	put_tag(MB2_TAG_LOADER, "GRUB", 5);
	size_t bad = used;
	put_tag(MB2_TAG_CMDLINE, "lost", 5);
	set32(bad + 4, 0);
	expect_eq(finish(), 0);
	expect_eq(warnings, 1);
	expect_streq(facts.door, "grub");
	expect_streq(facts.loader, "GRUB");
	expect_streq(facts.cmdline, "");
}

KTEST(multiboot2_believes_no_impossible_size)
{
	static const uint32_t sizes[] = { 1, 7, 4096, 0x7fffffff, 0xffffffff };

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		begin();
		put_memmap(2);
		size_t bad = used;
		put_tag(MB2_TAG_CMDLINE, "lost", 5);
		set32(bad + 4, sizes[i]);
		expect_eq(finish(), 0);
		expect_eq(warnings, 1);
		expect_eq(facts.nmemmap, 2);
	}
}

KTEST(multiboot2_takes_strings_without_an_end)
{
	char longer[BOOT_CMDLINE_BYTES + 100];

	memset(longer, 'x', sizeof(longer));
	begin();
	put_tag(MB2_TAG_LOADER, "GRUB", 4);
	put_tag(MB2_TAG_CMDLINE, longer, sizeof(longer));
	expect_eq(finish(), 0);
	expect_streq(facts.loader, "GRUB");
	expect_eq(strlen(facts.cmdline), BOOT_CMDLINE_BYTES - 1);
	expect_eq(warnings, 3);
	expect_eq(facts.nwarnings, 3);
}

KTEST(multiboot2_cuts_a_map_of_200_entries)
{
	begin();
	put_memmap(200);
	put_tag(MB2_TAG_CMDLINE, "after", 6);
	expect_eq(finish(), 0);
	expect_eq(facts.nmemmap, BOOT_MEMMAP_MAX);
	expect_eq(facts.memmap[127].base, 127 * 0x1000);
	expect_eq(warnings, 1);
	expect_streq(facts.cmdline, "after");
}

KTEST(multiboot2_needs_no_end_tag)
{
	begin();
	put_tag(MB2_TAG_CMDLINE, "a=b", 4);
	set32(0, (uint32_t)used);
	expect_eq(multiboot2_parse(&reader, WINDOW, &facts), 0);
	expect_eq(warnings, 1);
	expect_streq(facts.cmdline, "a=b");
	expect_eq(multiboot2_parse(&reader, 0, &facts), -EFAULT);
	set32(0, 0);
	expect_eq(multiboot2_parse(&reader, WINDOW, &facts), 0);
}

/* What must hold of the facts whatever the bytes were. */
static bool
facts_are_sound(void)
{
	return facts.nmemmap <= BOOT_MEMMAP_MAX && facts.door &&
	    strnlen(facts.cmdline, sizeof(facts.cmdline)) <
	    sizeof(facts.cmdline) &&
	    strnlen(facts.loader, sizeof(facts.loader)) <
	    sizeof(facts.loader) && facts.rsdp_bytes <= BOOT_RSDP_BYTES;
}

static void
spoil_some_bytes(void)
{
	for (uint64_t n = 1 + ktest_random_below(8); n; n--)
		window[ktest_random_below(used)] =
		    ktest_random_below(2) ? (uint8_t)ktest_random() :
		    (uint8_t)(0xff * ktest_random_below(2));
}

KTEST(multiboot2_survives_spoilt_bytes)
{
	for (unsigned round = 0; round < FUZZ_ROUNDS; round++) {
		begin();
		put_all_tags();
		put_tag(MB2_TAG_END, NULL, 0);
		set32(0, (uint32_t)used);
		spoil_some_bytes();
		expect(multiboot2_parse(&reader, WINDOW, &facts) == 0);
		expect(facts_are_sound());
	}
}

enum { PVH_CMDLINE = 128, PVH_MAP = 256, PVH_RSDP = 6400 };

static struct pvh_start_info
pvh_begin(unsigned entries)
{
	begin();
	strscpy((char *)&window[PVH_CMDLINE], "main=exit x", 64);
	memcpy(&window[PVH_RSDP], "RSD PTR \0QEMUQE\2", 16);
	used = PVH_MAP;
	for (unsigned i = 0; i < entries; i++)
		put_entry(i * 0x1000ul, 0x2000, 1);
	return (struct pvh_start_info){
		.magic = BOOT_MAGIC_PVH, .version = 1,
		.cmdline = WINDOW + PVH_CMDLINE, .rsdp = WINDOW + PVH_RSDP,
		.memmap = WINDOW + PVH_MAP, .memmap_entries = entries,
	};
}

static int
pvh_finish(const struct pvh_start_info *start)
{
	memcpy(window, start, sizeof(*start));
	return pvh_parse(&reader, WINDOW, &facts);
}

KTEST(pvh_start_info_becomes_facts)
{
	struct pvh_start_info start = pvh_begin(7);

	expect_eq(pvh_finish(&start), 0);
	expect_eq(warnings, 0);
	expect_streq(facts.door, "pvh");
	expect_streq(facts.cmdline, "main=exit x");
	expect_eq(facts.nmemmap, 7);
	expect_eq(facts.memmap[6].base, 0x6000);
	expect_eq(facts.rsdp, WINDOW + PVH_RSDP);
	expect_eq(facts.rsdp_bytes, 36);
}

KTEST(pvh_goes_on_behind_what_is_malformed)
{
	struct pvh_start_info start = pvh_begin(200);

	start.memmap_entries = 0xffffffff;
	start.cmdline = WINDOW + WINDOW_BYTES - 3;
	memset(&window[WINDOW_BYTES - 3], 'c', 3);
	start.rsdp = 0xfffffffffffffff8;
	expect_eq(pvh_finish(&start), 0);
	expect_eq(warnings, 3);
	expect_streq(facts.cmdline, "ccc");
	expect_eq(facts.nmemmap, BOOT_MEMMAP_MAX);
	expect_eq(facts.rsdp, 0);

	start = pvh_begin(1);
	start.version = 0;
	start.memmap = 0;
	expect_eq(pvh_finish(&start), 0);
	expect_eq(facts.nmemmap, 0);
	start.magic = 1;
	expect_eq(pvh_finish(&start), -EINVAL);
	expect_eq(pvh_parse(&reader, 0xffffffffffffffff, &facts), -EFAULT);
}

KTEST(pvh_survives_spoilt_bytes)
{
	for (unsigned round = 0; round < FUZZ_ROUNDS; round++) {
		struct pvh_start_info start = pvh_begin(9);

		memcpy(window, &start, sizeof(start));
		spoil_some_bytes();
		int err = pvh_parse(&reader, WINDOW, &facts);
		expect(err == 0 || err == -EINVAL);
		expect(facts_are_sound());
	}
}

KTEST(more_options_are_appended_or_left_out)
{
	char all[BOOT_CMDLINE_BYTES];

	memset(&facts, 0, sizeof(facts));
	expect_eq(bootfacts_append_cmdline(&facts, "a=1\0rubbish", 11), 0);
	expect_streq(facts.cmdline, "a=1");
	expect_eq(bootfacts_append_cmdline(&facts, "b=2 c", 5), 0);
	expect_streq(facts.cmdline, "a=1 b=2 c");
	memset(all, 'x', sizeof(all));
	expect_eq(bootfacts_append_cmdline(&facts, all, sizeof(all)), -E2BIG);
	expect_streq(facts.cmdline, "a=1 b=2 c");
	expect_eq(bootfacts_append_cmdline(&facts, all,
	    sizeof(facts.cmdline) - 11), 0);
	expect_eq(strlen(facts.cmdline), sizeof(facts.cmdline) - 1);
}

KTEST(registers_are_told_from_memory)
{
	static const struct memmap_entry map[] = {
		{ 0x1000, 0x2000, MEMORY_USABLE, 0 },
		{ 0x5000, 0x1000, MEMORY_RESERVED, 0 },
		{ 0x8000, 0, MEMORY_USABLE, 0 },
		{ 0xfffffffffffff000, 0x1000, MEMORY_ACPI_NVS, 0 },
	};

	memset(&facts, 0, sizeof(facts));
	memcpy(facts.memmap, map, sizeof(map));
	facts.nmemmap = ARRAY_SIZE(map);
	expect(boot_memory_at(&facts, 0x1000, 1));
	expect(boot_memory_at(&facts, 0x2fff, 0x1000));
	expect(boot_memory_at(&facts, 0xfff, 2));
	expect(boot_memory_at(&facts, 0, 0x9000));
	expect(boot_memory_at(&facts, 0xffffffffffffffff, 1));
	expect(!boot_memory_at(&facts, 0xfff, 1));
	expect(!boot_memory_at(&facts, 0x3000, 0x4000));
	expect(!boot_memory_at(&facts, 0x7fff, 2));
	expect(!boot_memory_at(&facts, 0xffffffffffffe000, 0x1000));
}
