/* SPDX-License-Identifier: MIT */
/*
 * exception_operand_fuzz.c - any bytes as an instruction, any registers.
 */
#include "../exception_words.h"

#include "../../lab0-boot/tests/fuzz_input.h"
#include "host.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct fuzz_input in = { bytes, len_bytes };
	struct interrupt_frame frame = { 0 };
	uint64_t *words = (uint64_t *)&frame, address = 1;
	unsigned count = (unsigned)fuzz_take(&in, 1) % 24;

	for (unsigned i = 0; i < sizeof(frame) / sizeof(*words); i++)
		words[i] = fuzz_take(&in, 2) << (i % 4 * 16);
	if (count > in.left)
		count = (unsigned)in.left;
	/* The exact size: the sanitizer sees a read of one more. */
	uint8_t *code = host_copy(in.next, count);
	bool known = exception_operand(&frame, code, count, &address);
	host_assert(count > 0 || !known);
	host_free(code);
	return 0;
}
