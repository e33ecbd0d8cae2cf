/* SPDX-License-Identifier: MIT */
#ifndef LAB0_EARLY_PAGING_H
#define LAB0_EARLY_PAGING_H

/*
 * Map the kernel image by 4 KiB pages with its rights (text r-x, rodata r--,
 * data rw-, nothing under the boot stack) and drop the identity map.
 *
 * context   boot CPU, once, first thing in kernel_main
 */
void early_paging_protect(void);

#endif
