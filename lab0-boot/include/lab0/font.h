/* SPDX-License-Identifier: MIT */
/*
 * font.h - the 8x16 glyphs of the framebuffer console.
 */
#ifndef LAB0_FONT_H
#define LAB0_FONT_H

#include <lab0/types.h>

enum {
	FONT_WIDTH = 8,
	FONT_HEIGHT = 16,
	FONT_FIRST = 0x20,		/* code of the first glyph */
	FONT_GLYPHS = 0x7f - FONT_FIRST + 1, /* the last one is the box that
					stands for everything else */
};

/* Rows of pixels, top first; the highest bit is the leftmost pixel. */
extern const uint8_t font_glyphs[FONT_GLYPHS][FONT_HEIGHT];

#endif
