; SPDX-License-Identifier: MIT
;
; long_mode.asm - from 32-bit protected mode into 64-bit mode (exercise 0.5).
;
; Offers    long_mode_enter; the contract stands in boot_tables.inc.
; Why asm   it turns paging on under its own feet and changes the CPU's mode.
; Source    Intel SDM 3A "Initializing IA-32e Mode", "4-Level Paging".

%include "offsets.inc"
%include "lab0/boot_tables.inc"
%include "todo.inc"

global long_mode_enter

TABLE equ PTE_PRESENT | PTE_WRITE

section .boot.text progbits alloc exec nowrite align=16
bits 32

long_mode_enter:
	; EX 0.5 { see <lab0/boot_tables.inc>
	mov	ebx, boot_pd			; physical 0..4 GiB by 2 MiB
	mov	eax, TABLE | PTE_LARGE
.page:
	mov	[ebx], eax
	add	ebx, 8
	add	eax, PAGE_BYTES_2M
	jnc	.page				; wraps to 0 at 4 GiB

	mov	eax, boot_pd + TABLE
	mov	[boot_pdpt_high + KERNEL_PDPT_SLOT * 8], eax
	mov	ebx, boot_pdpt_low
	mov	ecx, 4
.directory:
	mov	[ebx], eax
	add	ebx, 8
	add	eax, PAGE_BYTES
	loop	.directory

	mov	eax, boot_pdpt_low + TABLE
	mov	[boot_pml4], eax
	mov	[boot_pml4 + DIRECT_MAP_SLOT * 8], eax
	mov	dword [boot_pml4 + DIRECT_MAP_SLOT * 8 + 4], PTE_NX_HIGH
	mov	eax, boot_pdpt_high + TABLE
	mov	[boot_pml4 + KERNEL_PML4_SLOT * 8], eax

	mov	eax, boot_pml4
	mov	cr3, eax
	mov	eax, cr4			; the order matters: PAE and LME
	or	eax, CR4_PAE			; must stand before PG goes on
	mov	cr4, eax
	mov	ecx, MSR_EFER
	rdmsr
	or	eax, EFER_LME | EFER_NXE
	wrmsr
	mov	eax, cr0			; this activates long mode, in its
	or	eax, CR0_PG | CR0_WP		; 32-bit compatibility form
	mov	cr0, eax

	lgdt	[boot_gdt_pointer]
	jmp	BOOT_CS:entry64			; the L bit of cs: 64-bit code
	; EX 0.5 } todo "0.5", long_mode_enter
