/* SPDX-License-Identifier: MIT */
/*
 * bios.h - what the loader's C code asks of its assembly (stage2.asm).
 */
#ifndef LOADER_BIOS_H
#define LOADER_BIOS_H

#include <stdint.h>

/* Registers for a BIOS call; the order is stage2.asm's. */
struct bios_regs {
	uint32_t edi, esi, ebp, unused, ebx, edx, ecx, eax;
	uint16_t es, ds;
	uint32_t eflags;			/* out only */
};

enum { BIOS_CARRY = 1 << 0 };			/* in eflags: the call failed */

/*
 * Call a BIOS interrupt in real mode, with interrupts on.
 *
 * interrupt  0..255
 * regs       in: the registers the BIOS sees; out: those it left. It must lie
 *            below 64 KiB, as all of stage 2 and its stack does.
 *
 * What the BIOS shall read or write has to lie below 1 MiB: data of stage 2
 * has segment 0 and its own address as the offset.
 */
void bios_call(unsigned interrupt, struct bios_regs *regs);

/* Enter the kernel as Multiboot2 says. */
__attribute__((noreturn)) void kernel_enter(uint32_t entry, uint32_t info);

/* Why a run ended: QEMU's exit device gets it (EXIT_* of loader.inc). */
enum run_end { RUN_TODO = 0x13, RUN_LOADER = 0x14 };

/* End the run; without QEMU, stop. */
__attribute__((noreturn)) void run_end(enum run_end why);

/* Low memory that the linker script names. */
extern const uint16_t ebda_segment[1];	/* in the BIOS data area */
extern const uint8_t partition_table[64];	/* in the boot sector */
extern uint8_t bounce[0x10000];
extern uint8_t info_area[0x10000];

#endif
