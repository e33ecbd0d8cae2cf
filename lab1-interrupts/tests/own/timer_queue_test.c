/* SPDX-License-Identifier: MIT */
/*
 * timer_queue_test.c - what <lab1/timer_queue.h> promises, put to the test.
 *
 * It is linked with one timer queue after the other: a right one, which it lets
 * pass, and broken ones, each of which it is to catch. More KTESTs and
 * functions may follow: each claim is best a test of its own.
 */
#include <lab1/timer_queue.h>

#include <lab0/ktest.h>
#include <lab0/todo.h>

enum { NODES = 6 };

/* All zeros: an empty queue, and nodes that are in none. A second test takes
 * its own, or clears these first. */
static struct timer_queue queue;
static struct timer_node nodes[NODES];

/* The name is a claim that can be false, the body tries to show that it is. */
KTEST(queue_keeps_its_contract)
{
	/* Exercise 1.11: see <lab1/timer_queue.h>, sentence by sentence */
	todo("1.11");
}
