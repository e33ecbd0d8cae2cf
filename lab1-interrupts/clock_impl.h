/* SPDX-License-Identifier: MIT */
/*
 * clock_impl.h - what the clock's files share.
 */
#ifndef LAB1_CLOCK_IMPL_H
#define LAB1_CLOCK_IMPL_H

#include <lab1/clock.h>

/* The candidates. To be probed before use. */
extern struct clock_source hpet_clock;	/* its width is found by its probe */
extern const struct clock_source pit_clock, tsc_clock;

/*
 * What one step of a counter is worth: value * rate >> CLOCK_SHIFT of a 64-bit
 * value, by a 128-bit product.
 */
enum { CLOCK_SHIFT = 32 };

static inline uint64_t
clock_scale(uint64_t value, uint64_t rate)
{
	return (uint64_t)((unsigned __int128)value * rate >> CLOCK_SHIFT);
}

/* Rate from a counter to nanoseconds. hz > 0. */
static inline uint64_t
clock_rate_to_ns(uint64_t hz)
{
	return (NS_PER_S << CLOCK_SHIFT) / hz;
}

/*
 * Hertz of a counter that made `steps` while another, of ref_hz, made
 * ref_steps, rounded; no product is longer than 64 bits while
 * steps * ref_hz < 2^64.
 */
static inline uint64_t
clock_hz_of(uint64_t steps, uint64_t ref_steps, uint64_t ref_hz)
{
	return (steps * ref_hz + ref_steps / 2) / ref_steps;
}

/* Whether two frequencies are the same within 1 in 200. */
static inline bool
clock_agree(uint64_t a_hz, uint64_t b_hz)
{
	return MAX(a_hz, b_hz) - MIN(a_hz, b_hz) <= MIN(a_hz, b_hz) / 200;
}

/* Let some time go by: two looks at a counter cost more than both need. */
static inline void
clock_dawdle(void)
{
	for (unsigned i = 0; i < 200; i++)
		__asm__ volatile("");
}

#endif
