/* SPDX-License-Identifier: MIT */
/*
 * x2apic_test.c - x2APIC's registers, with MSRs that are an array.
 */
#include <lab1/lapic.h>

#include <lab0/ktest.h>

enum { MSR_FIRST = 0x800, MSRS = 64, WRITES_MAX = 8 };

static struct {
	uint64_t	msr[MSRS];
	struct { uint32_t msr; uint64_t value; } writes[WRITES_MAX];
	unsigned	nwrites;
	bool		astray;
} fake;

static uint64_t
fake_read(uint32_t msr)
{
	fake.astray |= msr - MSR_FIRST >= MSRS;
	return fake.astray ? 0 : fake.msr[msr - MSR_FIRST];
}

static void
fake_write(uint32_t msr, uint64_t value)
{
	fake.astray |= msr - MSR_FIRST >= MSRS;
	if (fake.nwrites < WRITES_MAX) {
		fake.writes[fake.nwrites].msr = msr;
		fake.writes[fake.nwrites++].value = value;
	}
}

static const struct x2apic_msrs fakes = {
	.read = fake_read, .write = fake_write,
};

static const struct x2apic_msrs *real;

static void
begin(void)
{
	real = x2apic_msrs;
	x2apic_msrs = &fakes;
	fake.nwrites = 0;
	fake.astray = false;
	for (unsigned i = 0; i < MSRS; i++)
		fake.msr[i] = ktest_random();
}

static void
expect_write(uint32_t msr, uint64_t value)
{
	x2apic_msrs = real;
	expect_eq(fake.nwrites, 1);
	expect_eq(fake.writes[0].msr, msr);
	expect_eq(fake.writes[0].value, value);
	expect(!fake.astray);
}

/* SDM 3A, table "Local APIC Register Address Map Supported by x2APIC". */
KTEST(x2apic_registers_are_the_manuals_msrs)
{
	static const struct { enum lapic_register reg; uint32_t msr; } map[] = {
		{ LAPIC_ID, 0x802 }, { LAPIC_VERSION, 0x803 },
		{ LAPIC_TPR, 0x808 }, { LAPIC_SVR, 0x80f },
		{ LAPIC_ISR, 0x810 }, { LAPIC_TMR, 0x818 },
		{ LAPIC_IRR, 0x820 }, { LAPIC_ESR, 0x828 },
		{ LAPIC_LVT_TIMER, 0x832 }, { LAPIC_LVT_LINT0, 0x835 },
		{ LAPIC_LVT_LINT1, 0x836 }, { LAPIC_LVT_ERROR, 0x837 },
		{ LAPIC_TIMER_INITIAL, 0x838 }, { LAPIC_TIMER_CURRENT, 0x839 },
		{ LAPIC_TIMER_DIVIDE, 0x83e },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(map); i++) {
		uint32_t got;

		begin();
		got = x2apic_ops.read(map[i].reg);
		x2apic_ops.write(map[i].reg, 0x1234);
		expect_write(map[i].msr, 0x1234);
		if (ktest_failed())
			return;
		expect_eq(got, (uint32_t)fake.msr[map[i].msr - MSR_FIRST]);
	}
}

KTEST(x2apic_end_of_interrupt_writes_0)
{
	begin();
	x2apic_ops.source.acknowledge(0x77);
	expect_write(0x80b, 0);
}

KTEST(x2apic_a_command_is_one_write)
{
	uint32_t id = (uint32_t)ktest_random();

	begin();
	x2apic_ops.command(id, LAPIC_FIXED | LAPIC_ASSERT | 0xf0);
	expect_write(0x830, (uint64_t)id << 32 | 0x40f0);
}

KTEST(x2apic_an_interrupt_to_itself_has_its_own_register)
{
	begin();
	x2apic_ops.self_ipi(0xe1);
	expect_write(0x83f, 0xe1);
}

KTEST(x2apic_the_number_is_32_bits)
{
	uint32_t id;

	begin();
	id = x2apic_ops.id();
	x2apic_msrs = real;
	expect_eq(id, (uint32_t)fake.msr[2]);
}
