/* SPDX-License-Identifier: MIT */
/*
 * multiboot2_tags.h - what the kernel is told.
 */
#ifndef LOADER_MULTIBOOT2_TAGS_H
#define LOADER_MULTIBOOT2_TAGS_H

#include <stdbool.h>
#include <stdint.h>

/* Make the tag list in info_area; its address is what the kernel gets. */
uint32_t multiboot2_tags_make(const char *cmdline);

/* Does the list hold a tag of this type? It has been made. */
bool multiboot2_passed(uint32_t type);

#endif
