/* SPDX-License-Identifier: MIT */
/*
 * bench.h - figures measured inside the kernel.
 *
 *	KBENCH(printk_line, "60 characters to the 16550") { printk(...); }
 *
 * The body is one operation. The runner calls it a few times to warm up, then
 * BENCH_RUNS times, and reports time-stamp-counter cycles less the cost of an
 * empty body; under QEMU's `-icount shift=0` a cycle is an instruction.
 */
#ifndef LAB0_BENCH_H
#define LAB0_BENCH_H

#include <lab0/set.h>
#include <lab0/types.h>

enum { BENCH_RUNS = 101 };

struct kbench {
	void		(*run)(void);
	const char	*name;
	const char	*what;
};

SET_DECLARE(kbench);

#define KBENCH(bench_name, what_text) \
	static void kbench_##bench_name(void); \
	static const struct kbench kbench_struct_##bench_name = { \
		.run = kbench_##bench_name, .name = #bench_name, \
		.what = what_text, \
	}; \
	SET_ADD(kbench, kbench_struct_##bench_name); \
	static void kbench_##bench_name(void)

/*
 * Run the matching benches; one verdict line each:
 * `bench NAME MEDIAN MIN MAX RUNS WHAT`.
 *
 * patterns  as for ktest_run
 */
void bench_run(const char *patterns);

#endif
