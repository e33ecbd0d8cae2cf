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
	; Exercise 0.5: see <lab0/boot_tables.inc>
	todo "0.5", long_mode_enter
