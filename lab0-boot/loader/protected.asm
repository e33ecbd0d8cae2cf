; SPDX-License-Identifier: MIT
;
; protected.asm - from real mode, where 1 MiB is all, to protected mode.
;
; Offers    a20_enable, protected_enter.
; Stands on the GDT and kbc_wait of stage2.asm; INT 15h.
; Why asm   C code cannot run before the switch.
; Source    protected.inc.

%include "loader/loader.inc"
%include "loader/todo.inc"
%include "loader/protected.inc"

extern kbc_wait
extern gdt_pointer
extern loader_end
global a20_enable
global protected_enter

section .text
bits 16

a20_enable:
	; Exercise 0.7 (1 of 2): see loader/protected.inc
	todo "0.7", a20_enable

; Believed before: 16-bit code, a segment register shifted left by 4 is an
; address. After: the same registers are indices into the GDT.
protected_enter:
	; Exercise 0.7 (2 of 2): see loader/protected.inc
	todo "0.7", protected_enter
