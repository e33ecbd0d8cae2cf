/* SPDX-License-Identifier: MIT */
/*
 * ring.c - a queue of bytes between one producer and one consumer.
 *
 * Offers    all of ring.h.           Stands on  string.
 *
 * The counts run free and wrap; their difference is what is inside. Each side
 * publishes its count with release after it is done with the bytes, and reads
 * the other's with acquire before it touches them.
 */
#include <lab0/ring.h>

#include <lab0/string.h>

void
ring_init(struct ring *ring, void *memory, uint32_t size)
{
	*ring = (struct ring){ .bytes = memory, .size = size };
}

uint32_t
ring_used(const struct ring *ring)
{
	uint32_t put = __atomic_load_n(&ring->put_count, __ATOMIC_ACQUIRE);
	uint32_t got = __atomic_load_n(&ring->got_count, __ATOMIC_ACQUIRE);

	return put - got;
}

uint32_t
ring_free(const struct ring *ring)
{
	return ring->size - ring_used(ring);
}

bool
ring_put(struct ring *ring, uint8_t byte)
{
	uint32_t put = ring->put_count;

	if (ring_free(ring) == 0) {
		ring->overruns++;
		return false;
	}
	ring->bytes[put & (ring->size - 1)] = byte;
	__atomic_store_n(&ring->put_count, put + 1, __ATOMIC_RELEASE);
	return true;
}

int
ring_get(struct ring *ring)
{
	uint32_t got = ring->got_count;
	int byte;

	if (ring_used(ring) == 0)
		return -1;
	byte = ring->bytes[got & (ring->size - 1)];
	__atomic_store_n(&ring->got_count, got + 1, __ATOMIC_RELEASE);
	return byte;
}

size_t
ring_write(struct ring *ring, const void *from, size_t len_bytes)
{
	uint32_t at = ring->put_count & (ring->size - 1);
	size_t n = MIN(len_bytes, ring_free(ring));
	size_t before_end = MIN(n, ring->size - at);

	memcpy(ring->bytes + at, from, before_end);
	memcpy(ring->bytes, (const char *)from + before_end, n - before_end);
	__atomic_store_n(&ring->put_count, ring->put_count + (uint32_t)n,
	    __ATOMIC_RELEASE);
	ring->overruns += (uint32_t)(len_bytes - n);
	return n;
}

size_t
ring_read(struct ring *ring, void *to, size_t len_bytes)
{
	uint32_t at = ring->got_count & (ring->size - 1);
	size_t n = MIN(len_bytes, ring_used(ring));
	size_t before_end = MIN(n, ring->size - at);

	memcpy(to, ring->bytes + at, before_end);
	memcpy((char *)to + before_end, ring->bytes, n - before_end);
	__atomic_store_n(&ring->got_count, ring->got_count + (uint32_t)n,
	    __ATOMIC_RELEASE);
	return n;
}
