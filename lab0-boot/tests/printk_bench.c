/* SPDX-License-Identifier: MIT */
/*
 * printk_bench.c - what a line of the log costs.
 */
#include <lab0/bench.h>
#include <lab0/log.h>
#include <lab0/printk.h>

/* 60 characters with the newline. */
KBENCH(printk_line, "printk of 60 characters and a time stamp, to the 16550")
{
	printk("eth%d: link is up, %u Mbit/s, %s duplex, flow control: %s\n",
	    0, 1000u, "full", "rx/tx+");
}

KBENCH(printk_line_log, "the same line into the log only")
{
	printk(LOG_DEBUG "eth%d: link is up, %u Mbit/s, %s duplex, "
	    "flow control: %s\n", 0, 1000u, "full", "rx/tx+");
}
