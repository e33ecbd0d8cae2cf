/* SPDX-License-Identifier: MIT */
/*
 * loader_machine.c - on a host: the BIOS and the memory below the loader.
 *
 * The loader's pointers have 32 bits. The image is linked to low addresses and
 * so is what host_low_memory gives; only the stack lies higher, of which the
 * BIOS is handed the lower half of an address.
 *
 * Offers    bios_call, report_*, multiboot2_passed; loader_machine.h; of
 *           host.h what loaders need.
 * Stands on the C library.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "host.h"
#include "loader_machine.h"
#include "multiboot2_tags.h"
#include "report.h"

static const uintptr_t LOW_MEMORY = 0x20000000;	/* two pieces from here on */
static const uintptr_t NEAR_BYTES = 1 << 20;

/* The set of stubs may not be empty for the loader: no id is like this one. */
static const char *const nothing __attribute__((used, section("set_todo"))) =
    "";

void (*host_bios)(unsigned interrupt, struct bios_regs *regs);
static jmp_buf *stopped;

void
host_failed(const char *file, int at, const char *cond)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, at, cond);
	abort();
}

void
bios_call(unsigned interrupt, struct bios_regs *regs)
{
	host_bios(interrupt, regs);
}

void *
host_bios_memory(uint32_t low, const struct bios_regs *regs)
{
	uintptr_t here = (uintptr_t)regs;
	uintptr_t there = (here & ~(uintptr_t)UINT32_MAX) | low;

	if (there - here < NEAR_BYTES || here - there < NEAR_BYTES)
		return (void *)there;
	return (void *)(uintptr_t)low;
}

uint8_t *
host_low_memory(unsigned which, size_t bytes)
{
	static void *pieces[2];
	void *at = (void *)(LOW_MEMORY + which * (uintptr_t)HOST_LOW_BYTES * 2);

	if (!pieces[which])
		pieces[which] = mmap(at, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	host_assert(pieces[which] == at);
	return at;
}

bool
host_completes(void (*code)(void *), void *argument)
{
	jmp_buf here;
	bool completed = false;

	stopped = &here;
	if (setjmp(here) == 0) {
		code(argument);
		completed = true;
	}
	stopped = NULL;
	return completed;
}

/* -- What the loader says: only a stub's line is read -------------------- */

static char line[256];

void
report_text(const char *text)
{
	size_t used = strlen(line);

	snprintf(line + used, sizeof(line) - used, "%s", text);
}

void
report_hex(uint64_t value)
{
	(void)value;
}

void
report_dec(uint32_t value)
{
	(void)value;
}

void
report_end(void)
{
	line[0] = '\0';
}

void
report_failure(const char *step)
{
	(void)step;
}

void
report_stop(enum run_end why)
{
	if (why == RUN_TODO) {
		printf("%s\n", line);
		fflush(stdout);		/* libFuzzer's exit leaves it out */
		exit(2);
	}
	host_assert(stopped && why == RUN_LOADER);
	line[0] = '\0';
	longjmp(*stopped, 1);
}

void
report_fail(const char *step, const char *reason)
{
	(void)step;
	(void)reason;
	report_stop(RUN_LOADER);
}

bool
multiboot2_passed(uint32_t type)
{
	return type <= 8;
}
