; SPDX-License-Identifier: MIT
;
; long_mode.asm - from 32-bit protected mode into 64-bit mode (exercise 0.5).
;
; Offers    long_mode_enter; the contract stands in boot_tables.inc.
; Why asm   it turns paging on under its own feet and changes the CPU's mode.
; Source    Intel SDM 3A "Initializing IA-32e Mode", "4-Level Paging".
;
; The page tables are written from a list of runs: entries in a row whose
; addresses rise by the same step. One loop reads the list.

%include "offsets.inc"
%include "lab0/boot_tables.inc"

global long_mode_enter

TABLE equ PTE_PRESENT | PTE_WRITE
PAGE equ PTE_PRESENT | PTE_WRITE | PTE_LARGE

struc run
.at:	resd 1				; the first entry's address
.count:	resd 1				; 0 ends the list
.low:	resd 1				; the first entry's two halves
.high:	resd 1
.step:	resd 1				; from an entry to the next
endstruc

; ADD_RUN at, count, low, high, step
%macro ADD_RUN 5
	istruc run
	at run.at, dd %1
	at run.count, dd %2
	at run.low, dd %3
	at run.high, dd %4
	at run.step, dd %5
	iend
%endmacro

ENTRY_BYTES equ 8

section .boot.data progbits alloc noexec write align=8
runs:
	ADD_RUN	boot_pd, 2048, PAGE, 0, PAGE_BYTES_2M
	ADD_RUN	boot_pdpt_low, 4, boot_pd + TABLE, 0, PAGE_BYTES
	ADD_RUN	boot_pdpt_high + KERNEL_PDPT_SLOT * ENTRY_BYTES, 1, \
		boot_pd + TABLE, 0, 0
	ADD_RUN	boot_pml4, 1, boot_pdpt_low + TABLE, 0, 0
	ADD_RUN	boot_pml4 + DIRECT_MAP_SLOT * ENTRY_BYTES, 1, \
		boot_pdpt_low + TABLE, PTE_NX_HIGH, 0
	ADD_RUN	boot_pml4 + KERNEL_PML4_SLOT * ENTRY_BYTES, 1, \
		boot_pdpt_high + TABLE, 0, 0
	ADD_RUN	0, 0, 0, 0, 0

section .boot.text progbits alloc exec nowrite align=16
bits 32

long_mode_enter:
	mov	ebp, runs
.run:
	mov	ecx, [ebp + run.count]
	jecxz	.tables_done
	mov	ebx, [ebp + run.at]
	mov	eax, [ebp + run.low]
	mov	edx, [ebp + run.high]
.entry:
	mov	[ebx], eax
	mov	[ebx + 4], edx
	add	eax, [ebp + run.step]
	add	ebx, ENTRY_BYTES
	loop	.entry
	add	ebp, run_size
	jmp	.run

	; Paging is off, so up to PG the order is free: the tables' place, the
	; MSR, the format of the tables, and the GDT for the jump.
.tables_done:
	mov	eax, boot_pml4
	mov	cr3, eax
	mov	ecx, MSR_EFER
	rdmsr
	or	eax, EFER_LME | EFER_NXE
	wrmsr
	mov	eax, cr4
	or	eax, CR4_PAE
	mov	cr4, eax
	lgdt	[boot_gdt_pointer]

	; The far jump is a far return, its target put down before the switch.
	push	dword BOOT_CS
	push	dword entry64
	mov	eax, cr0
	or	eax, CR0_WP | CR0_PG
	mov	cr0, eax
	retf
