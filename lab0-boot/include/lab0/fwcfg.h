/* SPDX-License-Identifier: MIT */
/*
 * fwcfg.h - files that QEMU's command line hands to the guest (-fw_cfg).
 *
 * Source    QEMU, docs/specs/fw_cfg.txt.
 */
#ifndef LAB0_FWCFG_H
#define LAB0_FWCFG_H

#include <lab0/types.h>

/*
 * Read a file.
 *
 * name      e.g. "opt/strata/cmdline"
 * buffer    receives its first `size_bytes` bytes, no terminator
 * returns   the length of the whole file, which may be more than fitted;
 *           -ENODEV: not on QEMU; -ENOENT: no such file
 * context   any; one CPU at a time
 */
must_check ssize_t fwcfg_read(const char *name, void *buffer,
    size_t size_bytes);

#endif
