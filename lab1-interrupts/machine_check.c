/* SPDX-License-Identifier: MIT */
/*
 * machine_check.c - errors that the hardware finds in itself.
 *
 * Each bank of registers belongs to a part of the machine and holds one error
 * until it is read and cleared. An error that was not corrected comes with
 * #MC; corrected ones wait in their bank, for the monitor to look.
 *
 * Owns      the machine-check registers.
 * Offers    the monitor command mcheck.
 * Stands on interrupt_add, exception_report.
 * Source    Intel SDM 3B "Machine-Check Architecture", "Interpreting the MCA
 *           Error Codes".
 */
#include <lab0/cpu.h>
#include <lab0/errno.h>
#include <lab0/init.h>
#include <lab0/monitor.h>
#include <lab0/panic_hook.h>
#include <lab0/printk.h>
#include <lab0/verdict.h>
#include <lab1/exception.h>
#include <lab1/interrupt.h>

enum {
	CPUID_MCE = 1u << 7,		/* leaf 1, edx: #MC and CR4.MCE */
	CPUID_MCA = 1u << 14,		/* ... the banks */
	CR4_MCE = 1u << 6,
	MSR_MCG_CAP = 0x179,		/* r  */
	MSR_MCG_STATUS = 0x17a,		/* rw */
	MSR_MCG_CTL = 0x17b,		/* rw, with MCG_CTL_P */
	MSR_MC0_CTL = 0x400,		/* rw, each bank 4 registers on */
	MSR_MC0_STATUS = 0x401,		/* rw, 0 only */
	MSR_MC0_ADDR = 0x402,		/* r  with MCI_ADDRV */
	MSR_MC0_MISC = 0x403,		/* r  with MCI_MISCV */
	MCG_BANKS = 0xff,
	MCG_CTL_P = 1u << 8,
	MCG_SER_P = 1u << 24,		/* MCI_S and MCI_AR mean something */
	MCG_RIPV = 1u << 0,		/* the interrupted code can go on */
	MCG_EIPV = 1u << 1,		/* RIP has to do with the error */
	MCG_MCIP = 1u << 2,		/* until cleared another one resets */
};

#define MCI_VAL		(1ul << 63)
#define MCI_OVER	(1ul << 62)	/* another error was lost */
#define MCI_UC		(1ul << 61)	/* not corrected */
#define MCI_EN		(1ul << 60)
#define MCI_MISCV	(1ul << 59)
#define MCI_ADDRV	(1ul << 58)
#define MCI_PCC		(1ul << 57)	/* the CPU's state is damaged */
#define MCI_S		(1ul << 56)
#define MCI_AR		(1ul << 55)	/* must be acted upon to go on */

static unsigned nbanks;			/* 0: there is no such thing */
static bool recovery;			/* MCG_SER_P */

/* -- In words ------------------------------------------------------------- */

/* The code's low 16 bits; bit 12 only says how corrected ones are counted. */
static const char *
error_class(uint64_t status)
{
	unsigned error = status & 0xefff;

	if (error == 0)
		return "no error";
	if (error < 8) {
		static const char *const simple[] = {
			"", "unclassified", "microcode ROM parity",
			"external error", "redundancy check",
			"internal parity", "SMM handler code", "?",
		};
		return simple[error];
	}
	if (error == 0x400)
		return "internal timer";
	if (error >> 10 == 1)
		return "internal, unclassified";
	if (error >> 11 == 1)
		return "bus or interconnect";
	if (error >> 8 == 1)
		return "cache hierarchy";
	if (error >> 7 == 1)
		return "memory controller";
	if (error >> 4 == 1)
		return "TLB";
	if (error >> 2 == 3)
		return "cache";
	return "unknown class";
}

/* exception_say or console_printf. */
typedef int printer(const char *fmt, ...) printf_like(1, 2);

static void
show_bank(unsigned bank, printer *line)
{
	uint64_t status = rdmsr(MSR_MC0_STATUS + 4 * bank);

	line("bank %u: status 0x%016lx: %s%s%s%s%s, %s (code 0x%lx, model's "
	    "0x%lx)\n", bank, status,
	    status & MCI_UC ? "uncorrected" : "corrected",
	    status & MCI_PCC ? ", CPU state damaged" : "",
	    status & MCI_OVER ? ", others lost" : "",
	    status & MCI_EN ? "" : ", not enabled",
	    recovery && status & MCI_AR ? ", action required" : "",
	    error_class(status), status & 0xffff, status >> 16 & 0xffff);
	if (status & MCI_ADDRV)
		line("bank %u: address 0x%lx\n", bank,
		    rdmsr(MSR_MC0_ADDR + 4 * bank));
	if (status & MCI_MISCV)
		line("bank %u: misc 0x%lx\n", bank,
		    rdmsr(MSR_MC0_MISC + 4 * bank));
}

/* Every bank that holds an error; returns how many. */
static unsigned
show_banks(printer *line)
{
	unsigned found = 0;

	for (unsigned bank = 0; bank < nbanks; bank++) {
		if (!(rdmsr(MSR_MC0_STATUS + 4 * bank) & MCI_VAL))
			continue;
		show_bank(bank, line);
		found++;
	}
	return found;
}

/* -- #MC ------------------------------------------------------------------ */

static bool
fatal(uint64_t status)
{
	if (status & MCI_PCC)
		return true;
	if (!(status & MCI_UC))
		return false;
	return !recovery || status & MCI_AR;
}

static bool
may_go_on(void)
{
	if (!(rdmsr(MSR_MCG_STATUS) & MCG_RIPV))
		return false;
	for (unsigned bank = 0; bank < nbanks; bank++) {
		uint64_t status = rdmsr(MSR_MC0_STATUS + 4 * bank);

		if (status & MCI_VAL && fatal(status))
			return false;
	}
	return true;
}

static void
clear_banks(void)
{
	for (unsigned bank = 0; bank < nbanks; bank++)
		wrmsr(MSR_MC0_STATUS + 4 * bank, 0);
}

static bool
machine_check(struct interrupt_frame *frame, void *context)
{
	(void)context;
	if (!may_go_on())
		exception_report(frame);
	exception_say(LOG_ERR "machine check at %pS, and the machine goes "
	    "on\n", (void *)frame->rip);
	show_banks(exception_say);
	clear_banks();
	wrmsr(MSR_MCG_STATUS, 0);
	return true;
}

static struct interrupt_handler machine_check_handler = {
	.fn = machine_check,
	.name = "machine check",
};

static int
machine_check_init(void)
{
	uint32_t features = cpuid(CPUID_FEATURES, 0).edx;
	uint64_t capabilities;
	int err;

	if (!(features & CPUID_MCE))
		return 0;
	err = interrupt_add(VECTOR_MC, &machine_check_handler);
	if (err)
		return err;
	if (features & CPUID_MCA) {
		capabilities = rdmsr(MSR_MCG_CAP);
		recovery = capabilities & MCG_SER_P;
		nbanks = capabilities & MCG_BANKS;
		if (capabilities & MCG_CTL_P)
			wrmsr(MSR_MCG_CTL, ~0ul);
		for (unsigned bank = 0; bank < nbanks; bank++)
			wrmsr(MSR_MC0_CTL + 4 * bank, ~0ul);
		clear_banks();
	}
	write_cr4(read_cr4() | CR4_MCE);
	return 0;
}
INIT_EX(machine_check_init, "1.3");

/* -- In a report, and on demand ------------------------------------------- */

static void
show_in_panic(const struct panic_registers *regs)
{
	const struct interrupt_frame *frame = exception_reported(regs);
	uint64_t status;

	if (!frame || frame->vector != VECTOR_MC || nbanks == 0)
		return;
	status = rdmsr(MSR_MCG_STATUS);
	console_printf("MCG_CAP 0x%lx  MCG_STATUS 0x%lx: %s, %s\n",
	    rdmsr(MSR_MCG_CAP), status,
	    status & MCG_RIPV ? "could go on" : "cannot go on",
	    status & MCG_EIPV ? "RIP is where it was" :
	    "RIP says nothing about where");
	show_banks(console_printf);
	/* Without this the next one resets the machine. */
	clear_banks();
	wrmsr(MSR_MCG_STATUS, 0);
}
HOOK_ADD(panic_show, show_in_panic);

static void
note_bank(unsigned bank, uint64_t status)
{
	verdict_begin();
	verdict_str("fact: bank");
	verdict_dec(bank);
	verdict_str("=");
	verdict_hex(status);
	verdict_end();
}

static void
note_banks(const struct panic_registers *regs)
{
	const struct interrupt_frame *frame = exception_reported(regs);

	if (!frame || frame->vector != VECTOR_MC)
		return;
	for (unsigned bank = 0; bank < nbanks; bank++) {
		uint64_t status = rdmsr(MSR_MC0_STATUS + 4 * bank);

		if (status & MCI_VAL)
			note_bank(bank, status);
	}
}
HOOK_ADD(panic_note, note_banks);

static int
mcheck_command(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return -EINVAL;
	if (nbanks == 0)
		console_printf("this CPU has no banks, or exercise 1.3 is "
		    "not written\n");
	else if (show_banks(console_printf) == 0)
		console_printf("%u banks, no error\n", nbanks);
	clear_banks();
	return 0;
}
MONITOR_COMMAND(mcheck, "", "errors that the hardware found; forgets them",
    mcheck_command);
