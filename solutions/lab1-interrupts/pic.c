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
	/* EX 1.6 { see pic_init in <lab1/pic.h> */
	outb(PIC_ICW1 | PIC_ICW1_ICW4, PIC_MASTER_COMMAND);
	outb(PIC_ICW1 | PIC_ICW1_ICW4, PIC_SLAVE_COMMAND);
	outb(vector, PIC_MASTER_DATA);
	outb((uint8_t)(vector + 8), PIC_SLAVE_DATA);
	outb(1 << PIC_CASCADE, PIC_MASTER_DATA);	/* which inputs */
	outb(PIC_CASCADE, PIC_SLAVE_DATA);		/* which number */
	outb(PIC_ICW4_8086, PIC_MASTER_DATA);
	outb(PIC_ICW4_8086, PIC_SLAVE_DATA);

	outb((uint8_t)~(1 << PIC_CASCADE), PIC_MASTER_DATA);
	outb(0xff, PIC_SLAVE_DATA);
	/* EX 1.6 } (void)vector; todo("1.6"); */
}

void
pic_mask(unsigned input)
{
	/* EX 1.6 { see pic_mask in <lab1/pic.h> */
	uint16_t port = input < 8 ? PIC_MASTER_DATA : PIC_SLAVE_DATA;

	outb((uint8_t)(inb(port) | 1 << input % 8), port);
	/* EX 1.6 } (void)input; todo("1.6"); */
}

void
pic_unmask(unsigned input)
{
	/* EX 1.6 { see pic_unmask in <lab1/pic.h> */
	uint16_t port = input < 8 ? PIC_MASTER_DATA : PIC_SLAVE_DATA;

	outb((uint8_t)(inb(port) & ~(1 << input % 8)), port);
	/* EX 1.6 } (void)input; todo("1.6"); */
}

void
pic_eoi(unsigned input)
{
	/* EX 1.6 { see pic_eoi in <lab1/pic.h> */
	if (input >= 8)
		outb(PIC_EOI, PIC_SLAVE_COMMAND);
	outb(PIC_EOI, PIC_MASTER_COMMAND);
	/* EX 1.6 } (void)input; todo("1.6"); */
}

bool
pic_spurious(unsigned input)
{
	/* EX 1.6 { see pic_spurious in <lab1/pic.h> */
	uint16_t command = input < 8 ? PIC_MASTER_COMMAND : PIC_SLAVE_COMMAND;

	if (input % 8 != 7)
		return false;
	outb(PIC_READ_ISR, command);
	if (inb(command) & 1 << 7)
		return false;
	if (input == 15)
		outb(PIC_EOI, PIC_MASTER_COMMAND);
	return true;
	/* EX 1.6 } (void)input; todo("1.6"); return false; */
}
