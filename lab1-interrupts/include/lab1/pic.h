/* SPDX-License-Identifier: MIT */
/*
 * pic.h - the pair of 8259 interrupt controllers (exercise 1.6).
 *
 * The master has inputs 0-7, the slave 8-15; the slave's output is the
 * master's input 2. After a reset the firmware's vectors are those of
 * exceptions, so the pair is set up anew with vectors of our choice. An
 * interrupt that goes away before the CPU asks for its number is given as
 * number 7 (of the chip that was asked): a spurious one, which has no bit in
 * the in-service register.
 *
 * Source    Intel 8259A data sheet, "Programming the 8259A", "Initialization
 *           Command Words", "Operation Command Words", "Edge and Level
 *           Triggered Modes" (spurious interrupts); IBM PC/AT Technical
 *           Reference (ports, cascade on input 2).
 */
#ifndef LAB1_PIC_H
#define LAB1_PIC_H

#include <lab0/types.h>

enum pic_port {
	PIC_MASTER_COMMAND = 0x20,
	PIC_MASTER_DATA = 0x21,
	PIC_SLAVE_COMMAND = 0xa0,
	PIC_SLAVE_DATA = 0xa1,
};

enum {
	PIC_INPUTS = 16,
	PIC_CASCADE = 2,		/* the slave's place at the master */
	/* ICW1, written to the command port; the next two or three writes to
	 * the data port are ICW2 (vector), ICW3 (cascade), ICW4 */
	PIC_ICW1 = 0x10,
	PIC_ICW1_ICW4 = 0x01,		/* there will be an ICW4 */
	PIC_ICW4_8086 = 0x01,		/* vectors, not CALL instructions */
	PIC_EOI = 0x20,			/* OCW2: end, non-specific */
	PIC_EOI_SPECIFIC = 0x60,	/* OCW2: of the input in the low bits */
	PIC_READ_IRR = 0x0a,		/* OCW3: next read shows requests */
	PIC_READ_ISR = 0x0b,		/* OCW3: ... those in service */
};

/*
 * Set both chips up, in whatever state they were: edge triggered, cascaded,
 * 8086 mode, ends of interrupts told by pic_eoi (not automatic), inputs 0-7 at
 * `vector`.., 8-15 at `vector + 8`... Every input is masked afterwards except
 * the cascade, which stays open for the slave; nothing is in service (which the
 * data sheet does not name among the things that ICW1 does: end what there is).
 * No pause is needed between the writes on any chip of the last thirty years.
 *
 * May be called again, with another vector. From here on only the functions
 * below change the masks. Which register a read of a command port shows is
 * nobody's promise: who reads one selects it first.
 *
 * vector    a multiple of 8, 0x20..0xf0
 * context   interrupts off
 */
void pic_init(uint8_t vector);

/*
 * Close or open one input; the other fifteen stay as they are, the cascade
 * too. To close a closed one or open an open one changes nothing. Only after
 * pic_init.
 *
 * input     0..15
 * context   interrupts off
 */
void pic_mask(unsigned input);
void pic_unmask(unsigned input);

/*
 * End of interrupt: for 8-15 both chips are told, for 0-7 the master only. The
 * same input, and those of lower priority, can interrupt again afterwards.
 *
 * input     0..15, in service, and the last that was delivered
 * context   interrupts off
 */
void pic_eoi(unsigned input);

/*
 * Is the interrupt that was just delivered at this input a spurious one? Only
 * 7 and 15 can be: for all others the answer is false. A spurious 15 has
 * passed through the master's cascade input like any other, so that the
 * master, and only it, is told end of interrupt here; a spurious 7 has no end,
 * and a real interrupt's is told later. After true the caller sends no
 * pic_eoi.
 *
 * input     0..15
 * returns   whether it is; after false nothing has changed
 * context   interrupts off, at the beginning of the interrupt
 */
bool pic_spurious(unsigned input);

#endif
