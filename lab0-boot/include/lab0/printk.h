/* SPDX-License-Identifier: MIT */
/*
 * printk.h - formatted text: to the log and the consoles, or into a buffer.
 *
 * Conversions %d %i %u %x %X %o %c %s %p %%, with the flags - 0 + blank #,
 * width and precision (numbers or *), and the lengths hh h l ll z j t. Beyond
 * C: %pS is a code address as symbol+0xoffset, %pE an error number, given as
 * (void *)(long)err, by name. %p is 0x and 16 digits. Any other conversion is
 * printed as it stands and takes no argument. exercise 0.2 makes the
 * characters; until it is written the bare format string appears.
 *
 * Stands on format.h, log.h; snprintk also builds on the host.
 */
#ifndef LAB0_PRINTK_H
#define LAB0_PRINTK_H

#include <lab0/types.h>

/* Levels: printk(LOG_ERR "disk %u is gone\n", n). None means LOG_INFO. */
#define LOG_EMERG	"\001" "0"	/* the system dies */
#define LOG_ALERT	"\001" "1"
#define LOG_CRIT	"\001" "2"
#define LOG_ERR		"\001" "3"	/* something does not work */
#define LOG_WARNING	"\001" "4"
#define LOG_NOTICE	"\001" "5"
#define LOG_INFO	"\001" "6"
#define LOG_DEBUG	"\001" "7"	/* for who looks for a fault */

/*
 * Format one message, keep it in the log, and show it on the consoles when
 * its level is at most console_loglevel. A message is a line with its "\n";
 * one without is continued by the next. What is longer than LOG_TEXT_MAX is
 * cut. From a console's own driver it only reaches the log at first.
 *
 * returns   the length it would have had
 * context   any, from the first C line on; never sleeps
 * locks     takes log.lock
 */
int printk(const char *fmt, ...) printf_like(1, 2);
int vprintk(const char *fmt, va_list args) printf_like(1, 0);

/*
 * Format to the consoles only: no time stamp, no log. What the monitor and
 * the panic screen say.
 *
 * returns   the length it would have had; what is longer than LOG_TEXT_MAX is
 *           cut
 * context   any; never sleeps
 */
int console_printf(const char *fmt, ...) printf_like(1, 2);

/*
 * Format into a buffer of `size` bytes: what fits, always ended by a null
 * byte when size > 0. A NULL buffer is allowed when size is 0.
 *
 * returns   the length it would have had with room enough
 * context   any; never sleeps
 */
int snprintk(char *buffer, size_t size, const char *fmt, ...)
    printf_like(3, 4);
int vsnprintk(char *buffer, size_t size, const char *fmt, va_list args)
    printf_like(3, 0);

#endif
