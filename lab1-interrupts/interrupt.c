/* SPDX-License-Identifier: MIT */
/*
 * interrupt.c - handlers by vector.
 *
 * The lists are changed under a lock and read without one: a handler is
 * appended by one store, and one that is taken away still points at the next,
 * so a dispatch that stands on it goes on.
 *
 * Owns      interrupt_slots, the counts, the vectors to be given away.
 * Offers    all of interrupt.h but interrupt_dispatch (exercise 1.3).
 * Stands on the entries (1.2) and the dispatch (1.3) to be called.
 * Locks     vectors.lock, taken in interrupts, too.
 * Invariant (1) a handler is on one list at most.
 * Source    Intel SDM 3A "Interrupt and Exception Handling".
 */
#include <lab1/interrupt.h>

#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/init.h>
#include <lab0/io.h>
#include <lab0/monitor.h>
#include <lab0/panic.h>
#include <lab0/percpu.h>
#include <lab0/printk.h>
#include <lab0/spinlock.h>
#include <lab0/todo.h>
#include <lab1/exception.h>
#include <lab1/pic.h>

enum { UNEXPECTED_LINE_EACH = 1000 };

LOCK_CLASS(vectors, 1);

/* Fields: l lock, a atomic. */
static struct {
	struct spinlock	lock;
	bool		given[VECTOR_FREE_END - VECTOR_FREE];	/* [l] */
	uint32_t	unexpected[VECTORS];			/* [a] */
} vectors = {
	.lock = SPINLOCK_INIT(vectors),
};

struct interrupt_slot interrupt_slots[VECTORS];

static PERCPU(struct interrupt_counts, counts);

struct interrupt_counts *
interrupt_counts(void)
{
	return percpu_ptr(counts);
}

/* There is one CPU until lab 3. */
uint64_t
interrupt_taken(unsigned vector)
{
	return vector < VECTORS ? interrupt_counts()->taken[vector] : 0;
}

void
interrupt_unexpected(const struct interrupt_frame *frame)
{
	unsigned vector = (unsigned)frame->vector;
	uint32_t before = __atomic_fetch_add(&vectors.unexpected[vector], 1,
	    __ATOMIC_RELAXED);

	interrupt_counts()->unexpected++;
	if (before % UNEXPECTED_LINE_EACH == 0)
		printk(LOG_WARNING "interrupt %u: nobody wanted it (%u so "
		    "far), at %pS\n", vector, before + 1, (void *)frame->rip);
}

/* Where the handler's pointer is on that vector's list; NULL: it is not. */
static struct interrupt_handler **
find(unsigned vector, const struct interrupt_handler *handler)
{
	struct interrupt_handler **at = &interrupt_slots[vector].first;

	for (; *at; at = &(*at)->next)
		if (*at == handler)
			return at;
	return NULL;
}

static bool
is_added(const struct interrupt_handler *handler)
{
	for (unsigned v = 0; v < VECTORS; v++)
		if (find(v, handler))
			return true;
	return false;
}

static void
append(unsigned vector, struct interrupt_handler *handler)
{
	struct interrupt_handler **at = &interrupt_slots[vector].first;

	handler->next = NULL;
	while (*at)
		at = &(*at)->next;
	__atomic_store_n(at, handler, __ATOMIC_RELEASE);
}

int
interrupt_add(unsigned vector, struct interrupt_handler *handler)
{
	irqflags_t flags;
	bool busy;

	if (vector >= VECTORS || !handler->fn)
		return -EINVAL;
	flags = spin_lock_save(&vectors.lock);
	busy = is_added(handler);				/* (1) */
	if (!busy)
		append(vector, handler);
	spin_unlock_restore(&vectors.lock, flags);
	return busy ? -EBUSY : 0;
}

int
interrupt_remove(unsigned vector, struct interrupt_handler *handler)
{
	struct interrupt_handler **at;
	irqflags_t flags;

	if (vector >= VECTORS)
		return -ENOENT;
	flags = spin_lock_save(&vectors.lock);
	at = find(vector, handler);
	if (at)
		__atomic_store_n(at, handler->next, __ATOMIC_RELEASE);
	spin_unlock_restore(&vectors.lock, flags);
	return at ? 0 : -ENOENT;
}

int
vector_alloc(void)
{
	irqflags_t flags = spin_lock_save(&vectors.lock);
	unsigned i = 0;

	while (i < ARRAY_SIZE(vectors.given) && vectors.given[i])
		i++;
	if (i < ARRAY_SIZE(vectors.given))
		vectors.given[i] = true;
	spin_unlock_restore(&vectors.lock, flags);
	return i < ARRAY_SIZE(vectors.given) ? (int)(VECTOR_FREE + i) : -ENOSPC;
}

void
vector_free(unsigned vector)
{
	irqflags_t flags = spin_lock_save(&vectors.lock);
	unsigned i = vector - VECTOR_FREE;

	assert(i < ARRAY_SIZE(vectors.given) && vectors.given[i]);
	vectors.given[i] = false;
	spin_unlock_restore(&vectors.lock, flags);
}

/*
 * The firmware may have left lines of the 8259 pair open, at vectors that are
 * the exceptions' now. They stay closed until a controller is chosen.
 */
static int
interrupt_init(void)
{
	outb(0xff, PIC_MASTER_DATA);
	outb(0xff, PIC_SLAVE_DATA);
	return 0;
}
INIT(interrupt_init);

static int
interrupts_enable(void)
{
	if (!exercise_written("1.1") || !exercise_written("1.2")) {
		printk(LOG_NOTICE "lab1: interrupts stay off without "
		    "exercises 1.1 and 1.2\n");
		return 0;
	}
	irq_enable();
	return 0;
}
INIT_LATE_EX(interrupts_enable, "1.3");

static void
show_vector(unsigned vector)
{
	const struct interrupt_handler *handler =
	    interrupt_slots[vector].first;
	uint64_t taken = interrupt_taken(vector);

	if (!taken && !handler)
		return;
	console_printf("%3u  %10lu ", vector, taken);
	if (vector < EXCEPTIONS)
		console_printf(" %s", exception_name(vector));
	else if (vector < VECTOR_LINE0 + VECTOR_LINES)
		console_printf(" line %u", vector - VECTOR_LINE0);
	for (const char *mark = ": "; handler; handler = handler->next) {
		console_printf("%s%s", mark, handler->name);
		mark = ", ";
	}
	console_printf("\n");
}

static int
interrupts_command(int argc, char **argv)
{
	const struct interrupt_counts *here = interrupt_counts();

	(void)argc;
	(void)argv;
	console_printf("vector    count  what: handlers\n");
	for (unsigned v = 0; v < VECTORS; v++)
		show_vector(v);
	console_printf("spurious %lu, wanted by nobody %lu\n", here->spurious,
	    here->unexpected);
	return 0;
}
MONITOR_COMMAND(interrupts, "", "interrupts by vector, their handlers",
    interrupts_command);
