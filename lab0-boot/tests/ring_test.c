/* SPDX-License-Identifier: MIT */
/*
 * ring_test.c - byte rings against two counts of a known byte sequence.
 */
#include <lab0/ktest.h>
#include <lab0/ring.h>

enum { SIZE = 16, ROUNDS = 2000, RUN_MAX = 24 };

static uint8_t memory[SIZE];

/* The n-th byte that was accepted by the ring. */
static uint8_t
byte_of(uint32_t n)
{
	return (uint8_t)(n * 7 + n / 256);
}

static size_t
write_some(struct ring *ring, uint32_t *put)
{
	uint8_t bytes[RUN_MAX];
	size_t len = ktest_random_below(RUN_MAX), n;

	for (size_t i = 0; i < len; i++)
		bytes[i] = byte_of(*put + (uint32_t)i);
	n = ring_write(ring, bytes, len);
	*put += (uint32_t)n;
	return len - n;
}

static bool
read_some(struct ring *ring, uint32_t *got)
{
	uint8_t bytes[RUN_MAX];
	size_t n = ring_read(ring, bytes, ktest_random_below(RUN_MAX));

	for (size_t i = 0; i < n; i++) {
		if (bytes[i] != byte_of((*got)++))
			return false;
	}
	return true;
}

/* Bytes come out as they went in, and those that did not fit are counted. */
KTEST(ring_is_first_in_first_out)
{
	struct ring ring;
	uint32_t put = 0, got = 0, lost = 0;

	ring_init(&ring, memory, SIZE);
	for (unsigned round = 0; round < ROUNDS; round++) {
		bool fits = put - got < SIZE;

		switch (ktest_random_below(4)) {
		case 0:
			expect_eq(ring_put(&ring, byte_of(put)), fits);
			put += fits;
			lost += !fits;
			break;
		case 1:
			expect_eq(ring_get(&ring),
			    put == got ? -1 : byte_of(got));
			got += put != got;
			break;
		case 2:
			lost += (uint32_t)write_some(&ring, &put);
			break;
		default:
			expect(read_some(&ring, &got));
		}
		expect_eq(ring_used(&ring), put - got);
		expect_eq(ring_free(&ring), SIZE - (put - got));
		expect_eq(ring.overruns, lost);
	}
}

/* The counts may pass 2^32: only their difference means something. */
KTEST(ring_counts_may_wrap)
{
	struct ring ring;

	ring_init(&ring, memory, SIZE);
	ring.put_count = ring.got_count = UINT32_MAX - 3;
	expect_eq(ring_write(&ring, "0123456789abcdefXYZ", 19), SIZE);
	expect_eq(ring.overruns, 3);
	for (unsigned i = 0; i < SIZE; i++)
		expect_eq(ring_get(&ring), "0123456789abcdef"[i]);
	expect_eq(ring_get(&ring), -1);
}
