/* SPDX-License-Identifier: MIT */
/*
 * pic.c - the pair of 8259 interrupt controllers.
 *
 * Owns      the pair's registers.
 * Offers    pic_init, pic_mask, pic_unmask, pic_eoi, pic_spurious.
 * Stands on io.h.
 * Source    Intel 8259A data sheet.
 */
#include <lab1/pic.h>

#include <lab0/io.h>
#include <lab0/todo.h>

void
pic_init(uint8_t vector)
{
	/* Exercise 1.6 (1 of 5): see pic_init in <lab1/pic.h> */
	(void)vector; todo("1.6");
}

void
pic_mask(unsigned input)
{
	/* Exercise 1.6 (2 of 5): see pic_mask in <lab1/pic.h> */
	(void)input; todo("1.6");
}

void
pic_unmask(unsigned input)
{
	/* Exercise 1.6 (3 of 5): see pic_unmask in <lab1/pic.h> */
	(void)input; todo("1.6");
}

void
pic_eoi(unsigned input)
{
	/* Exercise 1.6 (4 of 5): see pic_eoi in <lab1/pic.h> */
	(void)input; todo("1.6");
}

bool
pic_spurious(unsigned input)
{
	/* Exercise 1.6 (5 of 5): see pic_spurious in <lab1/pic.h> */
	(void)input; todo("1.6"); return false;
}
