/* SPDX-License-Identifier: MIT */
/*
 * names.h - the kernel's functions that the C library has too, renamed.
 *
 * Included before each hosted source of the kernel or of the loader, so that
 * its own memcpy is what it calls and what is tested; the C library keeps
 * its, which the sanitizers need.
 */
#ifndef HOST_NAMES_H
#define HOST_NAMES_H

#define memcpy		kernel_memcpy
#define memmove		kernel_memmove
#define memset		kernel_memset
#define memcmp		kernel_memcmp
#define memchr		kernel_memchr
#define strlen		kernel_strlen
#define strnlen		kernel_strnlen
#define strcmp		kernel_strcmp
#define strncmp		kernel_strncmp
#define strchr		kernel_strchr
#define strrchr		kernel_strrchr
#define strstr		kernel_strstr

#endif
