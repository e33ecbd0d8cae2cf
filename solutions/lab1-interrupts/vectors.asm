; SPDX-License-Identifier: MIT
;
; vectors.asm - gates, and what runs first at each vector (exercise 1.2).
;
; Offers    gate_fill, vector_entries: the contract stands in vectors.h.
; Stands on interrupt_dispatch (exercise 1.3), the macros of vectors.inc.
; Why asm   C cannot run before its registers are saved, and returns by RET.
; Source    Intel SDM 3A "64-Bit Mode Stack Frame", "IDT Descriptors";
;           System V ABI, AMD64, 3.2.1 and 3.2.2.

%include "offsets.inc"
%include "lab1/todo.inc"
%include "lab1/vectors.inc"

extern interrupt_dispatch
global gate_fill:function
global vector_entries:data

bits 64
default rel

section .text

; In: rdi = struct gate *, rsi = entry, edx = dpl, ecx = ist.
gate_fill:
	; EX 1.2 { see gate_fill in <lab1/vectors.h>
	mov	[rdi + GATE_OFFSET_LOW], si
	mov	word [rdi + GATE_SELECTOR], SELECTOR_KERNEL_CODE
	mov	[rdi + GATE_IST], cl
	shl	edx, 5				; DPL is bits 5 and 6
	or	edx, 0x8e			; present, 64-bit interrupt gate
	mov	[rdi + GATE_ATTRIBUTES], dl
	shr	rsi, 16
	mov	[rdi + GATE_OFFSET_MIDDLE], si
	shr	rsi, 16
	mov	[rdi + GATE_OFFSET_HIGH], esi
	mov	dword [rdi + GATE_RESERVED], 0
	ret
	; EX 1.2 } todo "1.2", gate_fill

; On entry to each: interrupts off; on the stack, from RSP up, what the CPU
; pushed: an error code for some vectors, then RIP, CS, RFLAGS, RSP, SS. The CPU
; made RSP a multiple of 16 before it pushed. Nothing else has changed.

	; EX 1.2 { see <lab1/vectors.h>: the entries and their table
ERROR_CODES equ 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 \
	| 1 << 17 | 1 << 21 | 1 << 29 | 1 << 30
PARANOID equ 1 << 1 | 1 << 2 | 1 << 8 | 1 << 18

%assign v 0
%rep VECTORS
entry_%+v:
%if v > 31 || (ERROR_CODES >> v & 1) == 0
	push	0
%endif
	push	v
%if v < 32 && (PARANOID >> v & 1)
	jmp	enter_paranoid
%else
	jmp	enter
%endif
%assign v v + 1
%endrep

section .rodata
	align	8, db 0
vector_entries:
%assign v 0
%rep VECTORS
	dq	entry_%+v
%assign v v + 1
%endrep
	; EX 1.2 } todo "1.2", vector_entries, VECTORS

; The common path, with the vector and an error code on the stack. Two ways to
; know whose GS it is: by the ring of the interrupted CS, or, for #DB, NMI, #DF
; and #MC, by gs_take and gs_back.

section .text
	; EX 1.2 { see <lab1/vectors.h>: the common path
%macro save 1-*				; the first lies highest
%rep %0
	push	%1
%rotate 1
%endrep
	mov	rdi, rsp			; the frame
	push	qword [rdi + FRAME_RIP]		; like a caller's: a backtrace
	push	rbp				; goes on behind these two
	mov	rbp, rsp
	cld					; 24 words: RSP is aligned
%endmacro

%macro restore_and_return 1-*
	add	rsp, 16				; {RBP, RIP}
%rep %0
	pop	%1
%rotate 1
%endrep
	add	rsp, 16				; vector, error code
	iretq
%endmacro

enter:
	save	rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, \
		r14, r15
	test	byte [rdi + FRAME_CS], 3
	jz	.from_kernel
	swapgs
.from_kernel:
	call	interrupt_dispatch
	test	byte [rsp + 16 + FRAME_CS], 3
	jz	.to_kernel
	swapgs
.to_kernel:
	restore_and_return r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, \
		rsi, rdx, rcx, rbx, rax

enter_paranoid:
	save	rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, \
		r14, r15
	gs_take
	call	interrupt_dispatch
	gs_back
	restore_and_return r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, \
		rsi, rdx, rcx, rbx, rax
	; EX 1.2 } todo "1.2", common_path
