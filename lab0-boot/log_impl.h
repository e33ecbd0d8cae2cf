/* SPDX-License-Identifier: MIT */
/*
 * log_impl.h - what log.c, log_console.c and printk.c share.
 */
#ifndef LAB0_LOG_IMPL_H
#define LAB0_LOG_IMPL_H

#include <lab0/log.h>

/*
 * log_write for a record that one reader does not want: his cursor is put
 * behind it if he has read all before it.
 */
void log_write_past(unsigned level, const char *text, size_t len_bytes,
    struct log_cursor *reader);

/* log_read that steps over records above a level. */
bool log_read_up_to(struct log_cursor *cursor, struct log_record *record,
    unsigned level);

/* Position of log_end, without the lock. */
uint64_t log_head(void);

/* log_write, past the consoles if its level does not concern them. */
void log_message(unsigned level, const char *text, size_t len_bytes);

/* The ring's part of log_emergency. */
void log_set_emergency(void);

#endif
