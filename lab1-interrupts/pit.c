/* SPDX-License-Identifier: MIT */
/*
 * pit.c - the 8254 interval timer, channel 0.
 *
 * Owns      channel 0.               Stands on  io.h.
 * Offers    pit_ticks_of_ns, pit_start, pit_count, pit_expired.
 * Source    as in pit.h.
 */
#include <lab1/pit.h>

#include <lab0/io.h>
#include <lab0/todo.h>
#include <lab1/clock.h>

uint32_t
pit_ticks_of_ns(uint64_t duration_ns)
{
	/* Exercise 1.7 (1 of 4): see pit_ticks_of_ns in <lab1/pit.h> */
	(void)duration_ns; todo("1.7");
}

void
pit_start(uint32_t ticks)
{
	/* Exercise 1.7 (2 of 4): see pit_start in <lab1/pit.h> */
	(void)ticks; todo("1.7");
}

uint16_t
pit_count(void)
{
	/* Exercise 1.7 (3 of 4): see pit_count in <lab1/pit.h> */
	todo("1.7");
}

bool
pit_expired(void)
{
	/* Exercise 1.7 (4 of 4): see pit_expired in <lab1/pit.h> */
	todo("1.7");
}
