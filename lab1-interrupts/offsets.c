/* SPDX-License-Identifier: MIT */
/*
 * offsets.c - what this lab's assembly needs to know from C.
 *
 * Never linked; see lab0-boot/offsets.c.
 */
#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/percpu.h>
#include <lab1/descriptors.h>
#include <lab1/vectors.h>

#define OFFSET(name, value) \
	__asm__ volatile("\n.ascii \"OFFSET " #name " %c0\"" : : "i"((int)(value)))

void offsets(void);

void
offsets(void)
{
	OFFSET(MSR_GS_BASE, MSR_GS_BASE);
	OFFSET(MSR_KERNEL_GS_BASE, MSR_KERNEL_GS_BASE);
	OFFSET(SELECTOR_KERNEL_CODE, SELECTOR_KERNEL_CODE);
	OFFSET(SELECTOR_KERNEL_DATA, SELECTOR_KERNEL_DATA);
	OFFSET(SELECTOR_TSS, SELECTOR_TSS);
	OFFSET(VECTORS, VECTORS);
	OFFSET(GATE_OFFSET_LOW, offsetof(struct gate, offset_low));
	OFFSET(GATE_SELECTOR, offsetof(struct gate, selector));
	OFFSET(GATE_IST, offsetof(struct gate, ist));
	OFFSET(GATE_ATTRIBUTES, offsetof(struct gate, attributes));
	OFFSET(GATE_OFFSET_MIDDLE, offsetof(struct gate, offset_middle));
	OFFSET(GATE_OFFSET_HIGH, offsetof(struct gate, offset_high));
	OFFSET(GATE_RESERVED, offsetof(struct gate, reserved));
	OFFSET(EFAULT, EFAULT);
	OFFSET(FRAME_VECTOR, offsetof(struct interrupt_frame, vector));
	OFFSET(FRAME_RIP, offsetof(struct interrupt_frame, rip));
	OFFSET(FRAME_CS, offsetof(struct interrupt_frame, cs));
}
