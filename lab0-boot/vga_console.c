/* SPDX-License-Identifier: MIT */
/*
 * vga_console.c - the VGA text screen as a console.
 *
 * Owns      the text screen at VGA_TEXT_PADDR.
 * Stands on vga.h (exercise 0.3), the boot facts.
 */
#include <lab0/vga.h>

#include <lab0/bootfacts.h>
#include <lab0/console.h>
#include <lab0/errno.h>
#include <lab0/io.h>
#include <lab0/memory_layout.h>

static struct vga screen;

/* Source: FreeVGA "Graphics Registers". */
enum {
	GRAPHICS_INDEX = 0x3ce,
	GRAPHICS_DATA = 0x3cf,
	GRAPHICS_MISC = 6,
	MISC_GRAPHICS_MODE = 0x01,
	MISC_MAP_MASK = 0x0c,
	MISC_MAP_B8000 = 0x0c,
};

static uint8_t
indexed_read(uint16_t index_port, uint8_t number)
{
	outb(number, index_port);
	return inb(index_port + 1);
}

/*
 * Is there a VGA, and is it in text mode? Memory alone does not tell: some
 * firmware leaves ordinary memory where the cells would be.
 */
static bool
in_text_mode(void)
{
	uint8_t before = indexed_read(VGA_CRTC_INDEX, CRTC_CURSOR_LOW);
	uint8_t misc = indexed_read(GRAPHICS_INDEX, GRAPHICS_MISC);

	outb(CRTC_CURSOR_LOW, VGA_CRTC_INDEX);
	outb(0x5a, VGA_CRTC_DATA);
	bool answers = inb(VGA_CRTC_DATA) == 0x5a;
	outb(before, VGA_CRTC_DATA);
	return answers && !(misc & MISC_GRAPHICS_MODE) &&
	    (misc & MISC_MAP_MASK) == MISC_MAP_B8000;
}

static int
vga_probe(void)
{
	if (boot_facts()->framebuffer.kind == FRAMEBUFFER_RGB)
		return -ENODEV;		/* in graphics: fbcon.c has it */
	if (!in_text_mode())
		return -ENODEV;

	screen.cells = phys_to_virt(VGA_TEXT_PADDR);
	screen.attribute = vga_attribute(COLOR_GREY, COLOR_BLACK);
	vga_clear(&screen);
	vga_cursor(&screen);
	return 0;
}

static void
vga_write(const char *text, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes; i++)
		vga_putc(&screen, text[i]);
	vga_cursor(&screen);
}

/* A new ground on an empty screen covers all of it. */
static void
vga_color(enum console_color text, enum console_color ground)
{
	screen.attribute = vga_attribute(text, ground);
	if (screen.row == 0 && screen.column == 0)
		vga_clear(&screen);
}

static const struct console vga_console = {
	.name = "vga",
	.exercise = "0.3",
	.probe = vga_probe,
	.write = vga_write,
	.color = vga_color,
};
CONSOLE_ADD(vga_console);
