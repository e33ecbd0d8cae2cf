/* SPDX-License-Identifier: MIT */
/*
 * bootfacts_report.c - the boot facts as text.
 *
 * Offers    the first lines of a boot; the monitor commands facts, memmap.
 * Stands on bootfacts.h, printk.
 */
#include <lab0/bootfacts.h>

#include <lab0/errno.h>
#include <lab0/init.h>
#include <lab0/monitor.h>
#include <lab0/printk.h>

/* The highest lab that is linked in. */
static unsigned
stage(void)
{
	unsigned highest = LAB;

	SET_FOREACH(const struct init_step, step, init)
		highest = MAX(highest, step->lab);
	SET_FOREACH(const struct init_step, late, init_late)
		highest = MAX(highest, late->lab);
	return highest;
}

static int
bootfacts_report(void)
{
	const struct boot_facts *facts = boot_facts();

	printk("Strata stage %u, booted by %s\n", stage(), facts->door);
	printk("command line: %s\n", facts->cmdline);
	printk("memory: %lu KiB usable, %u entries\n",
	    boot_memory_usable(facts) >> 10, facts->nmemmap);
	return 0;
}
INIT(bootfacts_report);

static void
show_framebuffer(const struct boot_framebuffer *fb)
{
	if (fb->kind == FRAMEBUFFER_RGB)
		console_printf("framebuffer: %ux%u, %u bits, pitch %u, at "
		    "0x%lx\n", fb->width, fb->height, fb->depth_bits,
		    fb->pitch_bytes, fb->address);
	else
		console_printf("framebuffer: %s\n",
		    fb->kind == FRAMEBUFFER_TEXT ? "VGA text" : "not told");
}

static int
facts_command(int argc, char **argv)
{
	const struct boot_facts *facts = boot_facts();

	(void)argv;
	if (argc > 1)
		return -EINVAL;
	console_printf("door: %s\n", facts->door);
	console_printf("loader: %s\n", facts->loader);
	console_printf("command line: %s\n", facts->cmdline);
	console_printf("memory: %lu KiB usable, %u entries\n",
	    boot_memory_usable(facts) >> 10, facts->nmemmap);
	console_printf("ACPI root pointer: 0x%lx, %u bytes\n", facts->rsdp,
	    facts->rsdp_bytes);
	show_framebuffer(&facts->framebuffer);
	if (facts->boot_device != BOOT_NO_DEVICE)
		console_printf("boot device: BIOS drive 0x%x\n",
		    facts->boot_device);
	console_printf("warnings: %u\n", facts->nwarnings);
	return 0;
}
MONITOR_COMMAND(facts, "", "what the boot loader told", facts_command);

static int
memmap_command(int argc, char **argv)
{
	const struct boot_facts *facts = boot_facts();

	(void)argv;
	if (argc > 1)
		return -EINVAL;
	for (unsigned i = 0; i < facts->nmemmap; i++) {
		const struct memmap_entry *entry = &facts->memmap[i];

		console_printf("%016lx +%016lx type %u %s\n", entry->base,
		    entry->length, entry->type,
		    memory_type_name(entry->type));
	}
	return 0;
}
MONITOR_COMMAND(memmap, "", "the memory map", memmap_command);
