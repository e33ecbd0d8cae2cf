; SPDX-License-Identifier: MIT
;
; panic_capture.asm - the registers as a panic's caller had them.
;
; Owns      panic_captured, a struct panic_registers (<lab0/panic.h>).
; Offers    panic_capture.
; Stands on nothing.
; Why asm   C cannot store registers that it is about to use.

bits 64
default rel

global panic_capture
global panic_captured

REGISTERS_RIP equ 16 * 8
REGISTERS_RFLAGS equ 17 * 8

section .bss
align 8
panic_captured:	resq 18

section .text

; In: nothing. Out: panic_captured, as of the moment after the return.
; Clobbers nothing, not even the flags.
panic_capture:
	mov	[panic_captured + 0 * 8], rax
	mov	[panic_captured + 1 * 8], rbx
	mov	[panic_captured + 2 * 8], rcx
	mov	[panic_captured + 3 * 8], rdx
	mov	[panic_captured + 4 * 8], rsi
	mov	[panic_captured + 5 * 8], rdi
	mov	[panic_captured + 6 * 8], rbp
	lea	rax, [rsp + 8]			; rsp, our return address gone
	mov	[panic_captured + 7 * 8], rax
	mov	[panic_captured + 8 * 8], r8
	mov	[panic_captured + 9 * 8], r9
	mov	[panic_captured + 10 * 8], r10
	mov	[panic_captured + 11 * 8], r11
	mov	[panic_captured + 12 * 8], r12
	mov	[panic_captured + 13 * 8], r13
	mov	[panic_captured + 14 * 8], r14
	mov	[panic_captured + 15 * 8], r15
	mov	rax, [rsp]
	mov	[panic_captured + REGISTERS_RIP], rax
	pushfq
	pop	rax
	mov	[panic_captured + REGISTERS_RFLAGS], rax
	mov	rax, [panic_captured]		; as it was
	ret
