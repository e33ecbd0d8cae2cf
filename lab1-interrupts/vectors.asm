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
	; Exercise 1.2 (1 of 3): see gate_fill in <lab1/vectors.h>
	todo "1.2", gate_fill

; On entry to each: interrupts off; on the stack, from RSP up, what the CPU
; pushed: an error code for some vectors, then RIP, CS, RFLAGS, RSP, SS. The CPU
; made RSP a multiple of 16 before it pushed. Nothing else has changed.

	; Exercise 1.2 (2 of 3): see <lab1/vectors.h>: the entries and their table
	todo "1.2", vector_entries, VECTORS

; The common path, with the vector and an error code on the stack. Two ways to
; know whose GS it is: by the ring of the interrupted CS, or, for #DB, NMI, #DF
; and #MC, by gs_take and gs_back.

section .text
	; Exercise 1.2 (3 of 3): see <lab1/vectors.h>: the common path
	todo "1.2", common_path
