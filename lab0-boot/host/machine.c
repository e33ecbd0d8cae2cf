/* SPDX-License-Identifier: MIT */
/*
 * machine.c - on a host: the machine below the hardware-free modules.
 *
 * Owns      the hosted CPU's flags, the per-CPU head, the verdict line.
 * Offers    verdict_*, panic_*, boot_facts, a symbol table; host.h.
 * Stands on the C library.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lab0/bootfacts.h>
#include <lab0/cpu.h>
#include <lab0/panic.h>
#include <lab0/percpu.h>
#include <lab0/printk.h>
#include <lab0/symbols.h>
#include <lab0/verdict.h>

#include "host.h"

uint64_t host_rflags, host_tsc;
PERCPU(struct percpu_head, percpu_start) = { .self = &percpu_start };

jmp_buf *host_escape;
char host_todo[256];

static char line[1024];
static size_t line_length;

/* -- Verdict: only what tests say of themselves is shown --------------------- */

void
verdict_begin(void)
{
	line_length = 0;
	line[0] = '\0';
}

void
verdict_strn(const char *text, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes && text[i]; i++)
		if (line_length < sizeof(line) - 1)
			line[line_length++] = text[i];
	line[line_length] = '\0';
}

void
verdict_str(const char *text)
{
	verdict_strn(text, SIZE_MAX);
}

void
verdict_dec(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	verdict_str(text);
}

void
verdict_hex(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
	verdict_str(text);
}

/* Of the KTAP frame around a test nothing is shown but its diagnostics. */
void
verdict_end(void)
{
	if (line[0] == '#' && strstr(line, ": "))
		puts(line);
}

void
verdict_line(const char *text)
{
	verdict_begin();
	verdict_str(text);
	verdict_end();
}

void
verdict_exit(unsigned code)
{
	if (code == EXIT_TODO && host_escape) {
		snprintf(host_todo, sizeof(host_todo), "%s", line);
		longjmp(*host_escape, HOST_TODO);
	}
	printf("%s\n", line);
	fflush(stdout);		/* libFuzzer's exit leaves it out */
	exit(2);
}

/* -- The end -------------------- */

void
panic_capture(void)
{
}

void
panic_at(const char *file, unsigned at, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintk(text, sizeof(text), fmt, args);
	va_end(args);
	printf("# panic: %s:%u: %s\n", file, at, text);
	fflush(stdout);
	if (host_escape)
		longjmp(*host_escape, HOST_PANIC);
	abort();
}

void
host_failed(const char *file, int at, const char *cond)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, at, cond);
	abort();
}

/* -- What the boot would have told -------------------- */

const struct boot_facts *
boot_facts(void)
{
	static const struct boot_facts facts = { .door = "host" };

	return &facts;
}

/* A table of one function, for %pS; the linker gives kernel_text_end. */
const struct symbol symbol_table[] = {
	{ .address = (uint64_t)printk, .name = 0 },
};
const uint64_t symbol_count = 1;
const char symbol_names[] = "printk";

/* -- For fuzz targets -------------------- */

void *
host_copy(const void *bytes, size_t len_bytes)
{
	char *copy = malloc(len_bytes);

	if (!copy)
		abort();
	if (len_bytes)
		memcpy(copy, bytes, len_bytes);
	return copy;
}

char *
host_text(const void *bytes, size_t len_bytes)
{
	char *copy = malloc(len_bytes + 1);

	if (!copy)
		abort();
	if (len_bytes)
		memcpy(copy, bytes, len_bytes);
	copy[len_bytes] = '\0';
	return copy;
}

void
host_free(void *copy)
{
	free(copy);
}

int
host_snprintf(char *buffer, size_t size, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(buffer, size, fmt, args);
	va_end(args);
	return length;
}
