/* SPDX-License-Identifier: MIT */
/*
 * loader_machine.h - on a host: the BIOS and the memory below the loader.
 */
#ifndef HOST_LOADER_MACHINE_H
#define HOST_LOADER_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bios.h"

/* What a BIOS call does; set by the fuzz target. */
extern void (*host_bios)(unsigned interrupt, struct bios_regs *regs);

/* What the BIOS sees at offset `low`: an object near the registers, or one of
 * the image. */
void *host_bios_memory(uint32_t low, const struct bios_regs *regs);

/*
 * Memory at a fixed place below 4 GiB, between unmapped pages; the same each
 * time. which: 0 or 1; `bytes` at most HOST_LOW_BYTES.
 */
enum { HOST_LOW_BYTES = 1 << 20 };
uint8_t *host_low_memory(unsigned which, size_t bytes);

/* Run it; false: it ended by report_stop or report_fail instead. */
bool host_completes(void (*code)(void *), void *argument);

#endif
