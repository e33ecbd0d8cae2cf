/* SPDX-License-Identifier: MIT */
/*
 * pic_chip.h - what irqchip.c does to the 8259 pair whoever is chosen.
 */
#ifndef PIC_CHIP_H
#define PIC_CHIP_H

/* Mask all inputs of both chips, as they are; needs no exercise. */
void pic_silence(void);

#endif
