; SPDX-License-Identifier: MIT
;
; vectors.asm - gates, and what runs first at each vector (exercise 1.2).
;
; All entries are alike, error code or not: a stack that was a multiple of 16
; tells by its lowest bits whether five or six words were pushed. So there is no
; list of the vectors with an error code, and `int n` to one of them from ring 0
; has a right frame, too.
;
; Offers    gate_fill, vector_entries: the contract stands in vectors.h.
; Stands on interrupt_dispatch (exercise 1.3), the macros of vectors.inc.
; Why asm   C cannot run before its registers are saved, and returns by RET.
; Source    Intel SDM 3A "64-Bit Mode Stack Frame", "IDT Descriptors";
;           System V ABI, AMD64, 3.2.1 and 3.2.2.

%include "offsets.inc"
%include "lab1/vectors.inc"

extern interrupt_dispatch
global gate_fill:function
global vector_entries:data

bits 64
default rel

WORD_BYTES	equ 8
ENTRY_BYTES	equ 16
EXCEPTIONS	equ 32
GATE_INTERRUPT	equ 0x8e		; present, DPL 0, type 14

; #DB, NMI, #DF and #MC, a bit each: they can come before a SWAPGS.
ANYWHERE	equ 1 << 1 | 1 << 2 | 1 << 8 | 1 << 18

; What gate_fill takes for granted: two words, the first one from bit 0 up
; offset 15-0, selector, IST, attributes, offset 31-16.
%if GATE_OFFSET_LOW != 0 || GATE_SELECTOR != 2 || GATE_IST != 4 || \
    GATE_ATTRIBUTES != 5 || GATE_OFFSET_MIDDLE != 6 || \
    GATE_OFFSET_HIGH != 8 || GATE_RESERVED != 12
%error "struct gate is not what gate_fill writes"
%endif

section .text

; In: rdi = struct gate *, rsi = entry, edx = dpl, ecx = ist.
; Clobbers rax, rdx, rsi.
gate_fill:
	shl	edx, 5
	or	edx, GATE_INTERRUPT
	shl	edx, 8
	or	edx, ecx			; bits 32 to 47
	mov	eax, esi
	and	eax, 0xffff0000			; offset 31-16, below its place
	or	rax, rdx
	shl	rax, 32
	movzx	edx, si
	or	edx, SELECTOR_KERNEL_CODE << 16
	or	rax, rdx
	shr	rsi, 32				; with zeros for `reserved`
	mov	[rdi], rax
	mov	[rdi + GATE_OFFSET_HIGH], rsi
	ret

; On entry to each: interrupts off; on the stack, from RSP up, what the CPU
; pushed: an error code for some vectors, then RIP, CS, RFLAGS, RSP, SS. The CPU
; made RSP a multiple of 16 before it pushed. Nothing else has changed.
;
; Each pushes its number, as 32 bits so that they are of one length and 128 to
; 255 stay positive.
	align	ENTRY_BYTES
entries:
%assign vector 0
%rep VECTORS
	push	strict dword vector
	jmp	strict near common_path
	align	ENTRY_BYTES, int3
%assign vector vector + 1
%endrep
%if $ - entries != VECTORS * ENTRY_BYTES
%error "the entries are not of one length"
%endif

section .rodata
	align	WORD_BYTES, db 0
vector_entries:
%assign vector 0
%rep VECTORS
	dq	entries + vector * ENTRY_BYTES
%assign vector vector + 1
%endrep

; The general registers in the order of struct interrupt_frame.
%macro each_register 1
	%1	r15, r14, r13, r12, r11, r10, r9, r8, \
		rbp, rdi, rsi, rdx, rcx, rbx, rax
%endmacro

; In: rsp = struct interrupt_frame *, the frame to be written, or read.
%macro store 1-*
%assign at 0
%rep %0
	mov	[rsp + at], %1
%rotate 1
%assign at at + WORD_BYTES
%endrep
%if at != FRAME_VECTOR
%error "struct interrupt_frame has other registers"
%endif
%endmacro

%macro load 1-*
%assign at 0
%rep %0
	mov	%1, [rsp + at]
%rotate 1
%assign at at + WORD_BYTES
%endrep
%endmacro

section .text

; The common path. In: the vector on the stack, above it an error code or not.
;
; Six words and RSP is a multiple of 16 again: the CPU pushed no error code.
; Then the vector moves down by one word, to leave its place to a 0.
common_path:
	test	spl, WORD_BYTES
	jnz	.complete
	push	qword [rsp]
	mov	qword [rsp + WORD_BYTES], 0
.complete:
	sub	rsp, FRAME_VECTOR
	each_register store
	cld

; Whose GS is it? From here to gs_back, ebx is negative if it was the kernel's.
	mov	ecx, [rsp + FRAME_VECTOR]
	mov	eax, ANYWHERE
	cmp	ecx, EXCEPTIONS
	jae	.by_ring
	bt	eax, ecx
	jnc	.by_ring
	gs_take
	jmp	.kernel
.by_ring:
	mov	ebx, [rsp + FRAME_CS]
	and	ebx, 3
	dec	ebx				; ring 0: -1, ring 3: 2
	js	.kernel
	swapgs
.kernel:

; For backtraces: the interrupted code's {RBP, RIP}, as if it had called. 22
; words of the frame and these two: RSP is a multiple of 16.
	mov	rdi, rsp
	push	qword [rdi + FRAME_RIP]
	push	rbp
	mov	rbp, rsp
	call	interrupt_dispatch
	lea	rsp, [rbp + 2 * WORD_BYTES]

; RFLAGS and RSP come back by IRETQ, from the frame, as all the rest.
	gs_back
	each_register load
	lea	rsp, [rsp + FRAME_RIP]		; without vector and error code
	iretq
