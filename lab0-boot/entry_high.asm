; SPDX-License-Identifier: MIT
;
; entry_high.asm - the first instructions at the kernel's own addresses.
;
; Owns      the boot GDT.
; Offers    entry64_high, boot_gdt.
; Stands on entry.asm, which leaves the identity map by jumping here.
; Why asm   segment registers, the stack pointer and GS before there is C.
; Source    Intel SDM 3A "Segment Loading Instructions in IA-32e Mode".

%include "offsets.inc"

extern kernel_main
extern boot_stack_top
extern percpu_start
global entry64_high:function
global boot_gdt

bits 64
default rel

section .text
entry64_high:
	lgdt	[boot_gdt_pointer_high]		; the low one goes away
	mov	eax, 0x10
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	xor	eax, eax
	mov	fs, eax
	mov	gs, eax
	mov	rsp, boot_stack_top

	mov	rax, percpu_start		; gs: this CPU's variables
	mov	[rax + PERCPU_SELF], rax
	mov	rdx, rax
	shr	rdx, 32
	mov	ecx, MSR_GS_BASE
	wrmsr

	mov	edi, edi			; upper halves are undefined
	mov	esi, esi
	xor	ebp, ebp			; ends every backtrace
	call	kernel_main
	ud2

section .data
align 8
boot_gdt:					; accessed bits set, so that
	dq	0				; the CPU never writes here
	dq	0x00af9b000000ffff		; 0x08 code, 64-bit, ring 0
	dq	0x00cf93000000ffff		; 0x10 data, ring 0
boot_gdt_end:
boot_gdt_pointer_high:
	dw	boot_gdt_end - boot_gdt - 1
	dq	boot_gdt
