/* SPDX-License-Identifier: MIT */
/*
 * printk_bench.c - what a line of the log costs.
 *
 * Every line has 60 characters with its newline. What a conversion costs on
 * top shows in the last two.
 */
#include <lab0/bench.h>
#include <lab0/log.h>
#include <lab0/printk.h>

KBENCH(printk_line, "60 characters, one number, time stamp, to the 16550")
{
	printk("eth0: link is up, %u Mbit/s, full duplex, no flow control\n",
	    1000u);
}

KBENCH(printk_line_log, "the same line into the log only")
{
	printk(LOG_DEBUG "eth0: link is up, %u Mbit/s, full duplex, "
	    "no flow control\n", 1000u);
}

KBENCH(printk_line_log_text, "a line without a conversion, log only")
{
	printk(LOG_DEBUG "eth0: link is up, 1000 Mbit/s, full duplex, "
	    "no flow control\n");
}

KBENCH(printk_line_log_four, "a line with two numbers and two strings, log only")
{
	printk(LOG_DEBUG "eth%d: link is up, %u Mbit/s, %s duplex, "
	    "%s flow control\n", 0, 1000u, "full", "no");
}
