/* SPDX-License-Identifier: MIT */
/*
 * loader_main.h - where stage2.asm enters the loader's C code.
 */
#ifndef LOADER_LOADER_MAIN_H
#define LOADER_LOADER_MAIN_H

#include <stdint.h>

/* Load the kernel from this BIOS drive, and enter it. */
__attribute__((noreturn)) void loader_main(uint32_t drive);

#endif
