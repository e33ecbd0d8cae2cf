/* SPDX-License-Identifier: MIT */
/*
 * log.c - the ring of log records.
 *
 * Owns      the ring.                Stands on  spinlock, percpu, string.
 * Offers    log_write, log_read, log_end, log_counts, log_clock,
 *           log_emergency.
 * Locks     log.lock, a leaf, with interrupts off.
 *
 * Positions count bytes since boot and never wrap; a position's place in the
 * ring is its remainder. Records lie in one piece: one that would cross the
 * ring's end leaves a gap record there and starts at its beginning.
 *
 * Invariant (1) tail and head are record starts, tail <= head;
 *           (2) head - tail <= LOG_RING_BYTES;
 *           (3) between them lie whole records, one behind the other;
 *           (4) every record starts at a multiple of its header's size, so
 *               that a gap always has room for a header.
 */
#include <lab0/log.h>

#include <lab0/cpu.h>
#include <lab0/percpu.h>
#include <lab0/spinlock.h>
#include <lab0/string.h>

#include "log_impl.h"

enum {
	EMERGENCY_TRIES = 1 << 16,
	LEVEL_MAX = 255,	/* of a record's byte */
};

enum record_kind { RECORD_TEXT, RECORD_GAP };

/* In the ring, the text behind it. */
struct record {
	uint64_t	stamp;
	uint32_t	size;		/* to the next record, bytes */
	uint16_t	length;		/* of the text */
	uint8_t		level;
	uint8_t		kind;		/* enum record_kind */
};
static_assert(sizeof(struct record) == 16, "records are multiples of it");
static_assert(LOG_RING_BYTES % sizeof(struct record) == 0, "(4)");

LOCK_CLASS_LEAF(log, 1);

/* Fields: l lock, a atomic. */
static struct {
	struct spinlock	lock;
	uint64_t	tail, head;		/* [l] positions */
	uint64_t	tail_sequence;		/* [l] of the record at tail */
	uint64_t	head_sequence;		/* [l] of the next record */
	uint64_t	dropped;		/* [a] */
	bool		emergency;		/* [a] */
	char		aligned(16) bytes[LOG_RING_BYTES]; /* [l] */
} ring = { .lock = SPINLOCK_INIT(log) };

/* This CPU is between begin and end: another one here would never get in. */
static PERCPU(bool, log_busy);

static const struct log_clock tsc_clock = { .read = rdtsc };
SINGLETON_DEFINE(struct log_clock, log_clock, tsc_clock);

struct guard {
	irqflags_t	flags;
	bool		locked;
};

static bool
lock_in_emergency(void)
{
	for (unsigned i = 0; i < EMERGENCY_TRIES; i++) {
		if (spin_trylock(&ring.lock))
			return true;
		cpu_pause();
	}
	return false;		/* its holder is dead: go in all the same */
}

static inline bool
begin(struct guard *guard)
{
	guard->flags = irq_save();
	if (*percpu_ptr(log_busy)) {
		irq_restore(guard->flags);
		return false;
	}
	*percpu_ptr(log_busy) = true;
	guard->locked = true;
	if (ring.emergency)
		guard->locked = lock_in_emergency();
	else
		spin_lock(&ring.lock);
	return true;
}

static inline void
end(struct guard *guard)
{
	if (guard->locked)
		spin_unlock(&ring.lock);
	*percpu_ptr(log_busy) = false;
	irq_restore(guard->flags);
}

static struct record *
record_at(uint64_t position)
{
	return (struct record *)(ring.bytes + position % LOG_RING_BYTES);
}

/* Drop the oldest records until `size` bytes are free behind head. */
static void
make_room(size_t size)
{
	while (ring.head + size - ring.tail > LOG_RING_BYTES) {
		const struct record *oldest = record_at(ring.tail);

		if (oldest->kind == RECORD_TEXT)
			ring.tail_sequence++;
		ring.tail += oldest->size;
	}
}

/* A new record of `size` bytes at head. */
static struct record *
append(size_t size, enum record_kind kind)
{
	struct record *record;

	make_room(size);
	record = record_at(ring.head);
	record->size = (uint32_t)size;
	record->kind = (uint8_t)kind;
	ring.head += size;
	return record;
}

static struct record *
append_text(size_t len_bytes)
{
	size_t size = ALIGN_UP(sizeof(struct record) + len_bytes,
	    sizeof(struct record));
	size_t to_end = LOG_RING_BYTES - ring.head % LOG_RING_BYTES;

	if (size > to_end)
		append(to_end, RECORD_GAP);
	ring.head_sequence++;
	return append(size, RECORD_TEXT);
}

static void
write(unsigned level, const char *text, size_t len_bytes)
{
	struct record *record;

	len_bytes = MIN(len_bytes, LOG_TEXT_MAX);
	record = append_text(len_bytes);
	record->stamp = log_clock->read();
	record->length = (uint16_t)len_bytes;
	record->level = (uint8_t)level;
	memcpy(record + 1, text, len_bytes);
}

void
log_write(unsigned level, const char *text, size_t len_bytes)
{
	log_write_past(level, text, len_bytes, NULL);
}

void
log_write_past(unsigned level, const char *text, size_t len_bytes,
    struct log_cursor *reader)
{
	struct guard guard;
	bool past;

	if (!begin(&guard)) {
		__atomic_add_fetch(&ring.dropped, 1, __ATOMIC_RELAXED);
		return;
	}
	past = reader && reader->position == ring.head;
	write(level, text, len_bytes);
	if (past) {
		reader->position = ring.head;
		reader->sequence = ring.head_sequence;
	}
	end(&guard);
}

uint64_t
log_head(void)
{
	return __atomic_load_n(&ring.head, __ATOMIC_RELAXED);
}

/* Put a cursor onto the next text record; returns how many it missed. */
static uint64_t
catch_up(struct log_cursor *cursor)
{
	uint64_t lost = 0;

	if (cursor->position < ring.tail) {
		lost = ring.tail_sequence - cursor->sequence;
		cursor->position = ring.tail;
		cursor->sequence = ring.tail_sequence;
	}
	while (cursor->position < ring.head
	    && record_at(cursor->position)->kind == RECORD_GAP)
		cursor->position += record_at(cursor->position)->size;
	return lost;
}

static void
copy_out(const struct record *from, struct log_record *to)
{
	to->stamp = from->stamp;
	to->level = from->level;
	to->length = from->length;
	memcpy(to->text, from + 1, from->length);
	to->text[from->length] = '\0';
}

/* Step over the record at the cursor, which is a text record. */
static const struct record *
step(struct log_cursor *cursor)
{
	const struct record *record = record_at(cursor->position);

	cursor->position += record->size;
	cursor->sequence++;
	return record;
}

bool
log_read_up_to(struct log_cursor *cursor, struct log_record *to,
    unsigned level)
{
	struct guard guard;
	bool found = false;

	if (!begin(&guard))
		return false;
	to->lost = catch_up(cursor);
	while (!found && cursor->position < ring.head) {
		const struct record *record;

		to->sequence = cursor->sequence;
		record = step(cursor);
		found = record->level <= level;
		if (found)
			copy_out(record, to);
		else
			catch_up(cursor);
	}
	end(&guard);
	return found;
}

bool
log_read(struct log_cursor *cursor, struct log_record *record)
{
	return log_read_up_to(cursor, record, LEVEL_MAX);
}

struct log_cursor
log_end(void)
{
	struct log_cursor cursor = { 0 };
	struct guard guard;

	if (begin(&guard)) {
		cursor.position = ring.head;
		cursor.sequence = ring.head_sequence;
		end(&guard);
	}
	return cursor;
}

struct log_counts
log_counts(void)
{
	struct log_counts counts = { .dropped = ring.dropped };
	struct guard guard;

	if (begin(&guard)) {
		counts.written = ring.head_sequence;
		counts.overwritten = ring.tail_sequence;
		end(&guard);
	}
	return counts;
}

void
log_set_emergency(void)
{
	ring.emergency = true;
	*percpu_ptr(log_busy) = false;
}
