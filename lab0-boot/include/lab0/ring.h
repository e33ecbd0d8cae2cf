/* SPDX-License-Identifier: MIT */
/*
 * ring.h - a queue of bytes between one producer and one consumer.
 *
 * The two may be on different CPUs, or one of them an interrupt handler; no
 * lock is needed. What does not fit is dropped and counted.
 *
 * Stands on nothing; also builds on the host.
 * Invariant (1) 0 <= put_count - got_count <= size, modulo 2^32.
 */
#ifndef LAB0_RING_H
#define LAB0_RING_H

#include <lab0/types.h>

/* Fields: I fixed by ring_init, p written by the producer, c consumer. */
struct ring {
	uint8_t		*bytes;		/* [I] */
	uint32_t	size;		/* [I] a power of two */
	uint32_t	put_count;	/* [p] bytes ever put in, modulo 2^32 */
	uint32_t	got_count;	/* [c] bytes ever taken out, too */
	uint32_t	overruns;	/* [p] bytes dropped because full */
};

/*
 * Make an empty ring over the caller's memory.
 *
 * size      a power of two, 1..2^31
 */
void ring_init(struct ring *ring, void *memory, uint32_t size);

/* Producer: put one byte; false: it was full, the byte is counted as lost. */
bool ring_put(struct ring *ring, uint8_t byte);

/* Consumer: take the oldest byte, 0..255; -1: it is empty. */
int ring_get(struct ring *ring);

/* Producer: put what fits; returns how many, the others count as lost. */
size_t ring_write(struct ring *ring, const void *from, size_t len_bytes);

/* Consumer: take up to len_bytes; returns how many. */
size_t ring_read(struct ring *ring, void *to, size_t len_bytes);

/* Bytes to take out, room to put in: exact on the caller's own side. */
uint32_t ring_used(const struct ring *ring);
uint32_t ring_free(const struct ring *ring);

#endif
