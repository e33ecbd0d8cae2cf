/* SPDX-License-Identifier: MIT */
/*
 * pic.c - the pair of 8259 interrupt controllers.
 *
 * What differs between the two chips stands in one table; all else is done to
 * either in the same way. The masks are kept here and only ever written to the
 * chips. Every end of interrupt names its input.
 *
 * Owns      the pair's registers.
 * Offers    pic_init, pic_mask, pic_unmask, pic_eoi, pic_spurious.
 * Stands on io.h.
 * Invariant (1) closed is what the chips' mask registers hold, from pic_init
 *               on: bit n is input n.
 * Source    Intel 8259A data sheet.
 */
#include <lab1/pic.h>

#include <lab0/io.h>

enum {
	CHIP_INPUTS = 8,
	LAST = CHIP_INPUTS - 1,		/* the number of a spurious one */
};

struct chip {
	uint16_t	command, data;	/* ports */
	uint8_t		icw3;		/* master: which inputs; slave: which */
};

static const struct chip master = {
	PIC_MASTER_COMMAND, PIC_MASTER_DATA, 1 << PIC_CASCADE
};
static const struct chip slave = {
	PIC_SLAVE_COMMAND, PIC_SLAVE_DATA, PIC_CASCADE
};
static const struct chip *const chips[] = { &master, &slave };

static uint16_t closed;			/* (1) */

/* The chip's byte of (1). */
static void
write_masks(unsigned chip)
{
	outb((uint8_t)(closed >> chip * CHIP_INPUTS), chips[chip]->data);
}

static void
end(const struct chip *chip, unsigned input)
{
	outb((uint8_t)(PIC_EOI_SPECIFIC | input), chip->command);
}

void
pic_init(uint8_t vector)
{
	closed = (uint16_t)~(1u << PIC_CASCADE);
	for (unsigned i = 0; i < ARRAY_SIZE(chips); i++) {
		outb(PIC_ICW1 | PIC_ICW1_ICW4, chips[i]->command);
		outb((uint8_t)(vector + i * CHIP_INPUTS), chips[i]->data);
		outb(chips[i]->icw3, chips[i]->data);
		outb(PIC_ICW4_8086, chips[i]->data);
		write_masks(i);
		/* The data sheet does not promise that ICW1 clears the ISR. */
		for (unsigned input = 0; input < CHIP_INPUTS; input++)
			end(chips[i], input);
	}
}

void
pic_mask(unsigned input)
{
	closed |= (uint16_t)(1u << input);
	write_masks(input / CHIP_INPUTS);
}

void
pic_unmask(unsigned input)
{
	closed &= (uint16_t)~(1u << input);
	write_masks(input / CHIP_INPUTS);
}

void
pic_eoi(unsigned input)
{
	if (input < CHIP_INPUTS) {
		end(&master, input);
	} else {
		end(&slave, input - CHIP_INPUTS);
		end(&master, PIC_CASCADE);
	}
}

bool
pic_spurious(unsigned input)
{
	const struct chip *chip = chips[input / CHIP_INPUTS];

	if (input % CHIP_INPUTS != LAST)
		return false;
	outb(PIC_READ_ISR, chip->command);
	if (inb(chip->command) >> LAST & 1)
		return false;
	if (chip == &slave)
		end(&master, PIC_CASCADE);
	return true;
}
