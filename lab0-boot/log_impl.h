/* SPDX-License-Identifier: MIT */
/*
 * log_impl.h - what log.c and log_console.c share.
 */
#ifndef LAB0_LOG_IMPL_H
#define LAB0_LOG_IMPL_H

/* The ring's part of log_emergency. */
void log_set_emergency(void);

#endif
