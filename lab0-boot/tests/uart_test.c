/* SPDX-License-Identifier: MIT */
/*
 * uart_test.c - exercise 0.1 on COM1, which is put back afterwards.
 *
 * Stands on uart.h only. The verdict leaves by another port meanwhile.
 */
#include <lab0/uart.h>

#include <lab0/errno.h>
#include <lab0/io.h>
#include <lab0/ktest.h>

enum {
	PORT = UART_COM1,
	EMPTY_PORT = 0x2e8,		/* COM4, on no machine of the grader */
	DMA_PAGES = 0x80,		/* + UART_SCR: a register of the DMA
					controller that keeps any byte */
	STAND_IN = 0x82,		/* two more of them are its UART_THR
					and its UART_LSR */
};

static void
put_back(void)
{
	if (uart_init(PORT, 115200))
		ktest_note("uart_init(COM1, 115200) failed");
}

static unsigned
divisor(void)
{
	uint8_t lcr = inb(PORT + UART_LCR);

	outb(lcr | LCR_DLAB, PORT + UART_LCR);
	unsigned value = inb(PORT + UART_DLL) | inb(PORT + UART_DLM) << 8;
	outb(lcr, PORT + UART_LCR);
	return value;
}

/* uart_init turns a baud rate into the right divisor, up to its high byte. */
KTEST(uart_divisor_follows_the_baud_rate, .exercise = "0.1", .weight = 1)
{
	static const unsigned divisors[] = { 12, 96, 2, 0x180, 0x900, 1 };
	uint8_t lcr = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(divisors); i++) {
		int err = uart_init(PORT, UART_BAUD_MAX / divisors[i]);
		unsigned got = divisor();

		lcr = inb(PORT + UART_LCR);
		put_back();
		expect_eq(err, 0);
		expect_eq(got, divisors[i]);
		expect_eq(lcr, LCR_8_BITS);
	}
}

/* uart_init refuses a baud rate that no divisor gives, and changes nothing. */
KTEST(uart_refuses_impossible_baud_rates, .exercise = "0.1", .weight = 1)
{
	static const unsigned bauds[] = { 0, 1, 7, 100000, 115201, 230400 };

	outb(LCR_2_STOP | LCR_8_BITS, PORT + UART_LCR);
	for (unsigned i = 0; i < ARRAY_SIZE(bauds); i++) {
		int err = uart_init(PORT, bauds[i]);
		uint8_t lcr = inb(PORT + UART_LCR);

		if (err != -EINVAL || lcr != (LCR_2_STOP | LCR_8_BITS))
			put_back();
		expect_eq(err, -EINVAL);
		expect_eq(lcr, LCR_2_STOP | LCR_8_BITS);
	}
	put_back();
}

/* uart_probe finds COM1, leaves its scratch and modem registers as they were,
 * and finds nothing at ports that only keep a byte or answer nothing. */
KTEST(uart_probe_tells_a_uart_from_a_mere_byte, .exercise = "0.1",
    .weight = 1)
{
	uint8_t modem = inb(PORT + UART_MCR);
	uint8_t page = inb(DMA_PAGES + UART_SCR);

	outb(0x3c, PORT + UART_SCR);
	int found = uart_probe(PORT);
	uint8_t scratch_after = inb(PORT + UART_SCR);
	uint8_t modem_after = inb(PORT + UART_MCR);
	put_back();
	expect_eq(found, 0);
	expect_eq(scratch_after, 0x3c);
	expect_eq(modem_after, modem);

	expect_eq(uart_probe(EMPTY_PORT), -ENODEV);
	ktest_note("port 0x87 keeps what is written, like a scratch register; "
	    "only loopback tells that it is no UART");
	int mere_byte = uart_probe(DMA_PAGES);
	outb(page, DMA_PAGES + UART_SCR);
	expect_eq(mere_byte, -ENODEV);
}

/* What uart_putc sends comes back by uart_getc when the UART is looped back:
 * every byte value, in order, and then nothing. */
KTEST(uart_bytes_come_back_in_loopback, .exercise = "0.1", .weight = 1)
{
	int sent = -1, back = -1, rest;

	put_back();
	uint8_t modem = inb(PORT + UART_MCR);
	outb(modem | MCR_LOOP, PORT + UART_MCR);
	int before = uart_getc(PORT);
	for (int byte = 0; byte < 256 && back == sent; byte += 2) {
		int errors = uart_putc(PORT, (uint8_t)byte) |
		    uart_putc(PORT, (uint8_t)(byte + 1));

		sent = byte;
		back = errors ? errors : uart_getc(PORT);
		if (back == sent) {
			sent++;
			back = uart_getc(PORT);
		}
	}
	rest = uart_getc(PORT);
	outb(modem, PORT + UART_MCR);
	put_back();
	expect_eq(before, -1);
	ktest_note("looped back, each byte that uart_putc sends has to come "
	    "back from uart_getc, as 0..255; -1 is `none is there`");
	expect_eq(back, sent);
	expect_eq(rest, -1);
}

/* uart_putc sends nothing while the line status says that there is no room,
 * and gives up; uart_getc takes nothing while it says that no byte is there. */
KTEST(uart_line_status_is_looked_at, .exercise = "0.1", .weight = 1)
{
	uint8_t kept = inb(STAND_IN + UART_THR);
	uint8_t status = inb(STAND_IN + UART_LSR);

	outb(0, STAND_IN + UART_LSR);
	outb(0x11, STAND_IN + UART_THR);
	int full = uart_putc(STAND_IN, 0x22);
	uint8_t dropped = inb(STAND_IN + UART_THR);
	int none = uart_getc(STAND_IN);
	outb(LSR_THR_EMPTY | LSR_DATA_READY, STAND_IN + UART_LSR);
	int room = uart_putc(STAND_IN, 0x99);
	int there = uart_getc(STAND_IN);
	outb(status, STAND_IN + UART_LSR);
	outb(kept, STAND_IN + UART_THR);

	ktest_note("ports 0x82 and 0x87 keep what is written; here they play "
	    "THR and LSR, with LSR 0 first and then 0x21");
	expect_eq(full, -ETIMEDOUT);
	expect_eq(dropped, 0x11);
	expect_eq(none, -1);
	expect_eq(room, 0);
	expect_eq(there, 0x99);
}
