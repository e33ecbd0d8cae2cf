; SPDX-License-Identifier: MIT
;
; load_tables.asm - tell the CPU where its tables are.
;
; Offers    load_gdt, load_idt, load_tr: see load_tables.h.
; Stands on nothing.
; Why asm   CS changes only by a far transfer, and between two of these
;           instructions no C may run.
; Source    Intel SDM 3A "Segment Loading Instructions in IA-32e Mode";
;           SDM 2A "LGDT/LIDT", "LTR".

%include "offsets.inc"

global load_gdt:function
global load_idt:function
global load_tr:function

bits 64
default rel

section .text

; A segment register is a cache: it keeps the descriptor that it was loaded
; with until it is loaded again, whatever the table says by then. So after LGDT
; the CPU still runs on the old segments; each register is written once. SS
; last of those with a stack's meaning: the CPU checks it against CS's ring.
;
; Loading a selector into GS takes its base along: Intel clears it for
; selector 0, AMD keeps it. Hence it is saved and put back.
;
; In: rdi = struct table_register *. Clobbers rax, rcx, rdx, rsi.
load_gdt:
	lgdt	[rdi]
	pop	rax				; far return: to the caller,
	push	SELECTOR_KERNEL_CODE		; with a new CS
	push	rax
	mov	eax, SELECTOR_KERNEL_DATA
	mov	ss, eax
	mov	ds, eax
	mov	es, eax

	mov	ecx, MSR_GS_BASE
	rdmsr					; edx:eax, the base
	xor	esi, esi
	mov	fs, esi
	mov	gs, esi
	wrmsr

	mov	ecx, MSR_KERNEL_GS_BASE		; ring 3's, while in ring 0
	xor	eax, eax
	xor	edx, edx
	wrmsr
	o64 retf

; In: rdi = struct table_register *.
load_idt:
	lidt	[rdi]
	ret

; In: edi = selector.
load_tr:
	ltr	di
	ret
