/* SPDX-License-Identifier: MIT */
/*
 * exception_operand.c - where an instruction wanted to go.
 *
 * #GP and #SS don't say which address was none: it is worked out from the
 * instruction's bytes and the registers. This knows the general instructions'
 * memory operands (ModRM), the string instructions and the stack; of all others
 * it says that it does not know.
 *
 * Owns      nothing.
 * Offers    exception_operand.
 * Stands on nothing; also builds on the host.
 * Source    Intel SDM 2A "Instruction Format", tables 2-1 to 2-5; SDM 2D
 *           "Opcode Map".
 */
#include "exception_words.h"

enum {
	REX_B = 1, REX_X = 2,
};

/* An instruction, read byte by byte. */
struct reader {
	const uint8_t	*code;
	size_t		left;
	bool		overrun;	/* more was asked for than there is */
	unsigned	rex;
	bool		two_bytes;	/* 0F came before the opcode */
};

/* Register by its number in an instruction. */
static uint64_t
general(const struct interrupt_frame *f, unsigned number)
{
	const uint64_t all[] = {
		f->rax, f->rcx, f->rdx, f->rbx, f->rsp, f->rbp, f->rsi, f->rdi,
		f->r8, f->r9, f->r10, f->r11, f->r12, f->r13, f->r14, f->r15,
	};

	return all[number & 15];
}

/* The next byte; 0 behind the end. */
static unsigned
next(struct reader *in)
{
	if (in->left == 0) {
		in->overrun = true;
		return 0;
	}
	in->left--;
	return *in->code++;
}

/* A signed number of 1 or 4 bytes. */
static uint64_t
displacement(struct reader *in, unsigned len_bytes)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < len_bytes; i++)
		value |= next(in) << 8 * i;
	return len_bytes == 1 ? (uint64_t)(int64_t)(int8_t)value :
	    (uint64_t)(int64_t)(int32_t)value;
}

static bool
is_prefix(unsigned byte)
{
	return byte == 0x66 || byte == 0xf0 || byte == 0xf2 || byte == 0xf3 ||
	    byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x26;
}

/* Prefixes and the opcode; 32-bit addresses and FS, GS are left to others. */
static unsigned
opcode(struct reader *in)
{
	unsigned byte = next(in);

	while (is_prefix(byte))
		byte = next(in);
	if (byte >= 0x40 && byte <= 0x4f) {
		in->rex = byte;
		byte = next(in);
	}
	if (byte == 0x0f) {
		in->two_bytes = true;
		byte = next(in);
	}
	return byte;
}

static bool
has_modrm(unsigned op, bool two_bytes)
{
	if (two_bytes)
		return op == 0x00 || op == 0x01 || op == 0x0d ||
		    (op >= 0x10 && op <= 0x1f) || (op >= 0x28 && op <= 0x2f) ||
		    (op >= 0x40 && op <= 0x76) || (op >= 0x7c && op <= 0x7f) ||
		    (op >= 0x90 && op <= 0x9f) || (op >= 0xa3 && op <= 0xa5) ||
		    (op >= 0xab && op <= 0xc7) || op >= 0xd0;
	return (op < 0x40 && (op & 7) < 4) || op == 0x63 || op == 0x69 ||
	    op == 0x6b || (op >= 0x80 && op <= 0x8f && op != 0x8d) ||
	    op == 0xc0 || op == 0xc1 || op == 0xc6 || op == 0xc7 ||
	    (op >= 0xd0 && op <= 0xd3) || (op >= 0xd8 && op <= 0xdf) ||
	    op == 0xf6 || op == 0xf7 || op == 0xfe || op == 0xff;
}

/* SDM 2A table 2-3: base, index and scale. */
static uint64_t
with_index(struct reader *in, const struct interrupt_frame *frame,
    unsigned mode)
{
	unsigned sib = next(in);
	unsigned index = (sib >> 3 & 7) | (in->rex & REX_X ? 8 : 0);
	unsigned base = (sib & 7) | (in->rex & REX_B ? 8 : 0);
	uint64_t address = index == 4 ? 0 :
	    general(frame, index) << (sib >> 6);

	if ((sib & 7) == 5 && mode == 0)
		return address + displacement(in, 4);
	return address + general(frame, base);
}

/* SDM 2A table 2-2; false: the operand is a register, or relative to RIP. */
static bool
modrm(struct reader *in, const struct interrupt_frame *frame,
    uint64_t *address)
{
	unsigned byte = next(in), mode = byte >> 6;

	if (mode == 3 || (mode == 0 && (byte & 7) == 5))
		return false;
	if ((byte & 7) == 4)
		*address = with_index(in, frame, mode);
	else
		*address = general(frame,
		    (byte & 7) | (in->rex & REX_B ? 8 : 0));
	if (mode)
		*address += displacement(in, mode == 1 ? 1 : 4);
	return true;
}

/* What has its address in a fixed register. */
static bool
implied(unsigned op, const struct interrupt_frame *frame, uint64_t *address)
{
	if (op == 0xac || op == 0xad || (op >= 0xa4 && op <= 0xa7)) {
		*address = frame->rsi;		/* lods, movs, cmps */
		if (op <= 0xa7 && exception_canonical(*address))
			*address = frame->rdi;
	} else if (op == 0xaa || op == 0xab || op == 0xae || op == 0xaf) {
		*address = frame->rdi;		/* stos, scas */
	} else if ((op >= 0x50 && op <= 0x5f) || op == 0x68 || op == 0x6a ||
	    op == 0xc3 || op == 0xe8 || op == 0xc9) {
		*address = op == 0xc9 ? frame->rbp : frame->rsp;
	} else {
		return false;
	}
	return true;
}

bool
exception_operand(const struct interrupt_frame *frame, const uint8_t *code,
    size_t len_bytes, uint64_t *address)
{
	struct reader in = { .code = code, .left = len_bytes };
	unsigned op = opcode(&in);
	bool known = has_modrm(op, in.two_bytes) ?
	    modrm(&in, frame, address) :
	    !in.two_bytes && implied(op, frame, address);

	return known && !in.overrun;
}
