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
	; EX 0.7 { see loader/protected.inc
	call	a20_look
	jnc	.done

	mov	ax, 0x2401
	int	0x15
	call	a20_look
	jnc	.done

	cli
	call	kbc_wait
	mov	al, KBC_WRITE_OUTPUT_PORT
	out	KBC_COMMAND, al
	call	kbc_wait
	mov	al, KBC_A20_OPEN
	out	KBC_DATA, al
	sti
	call	kbc_wait
	call	a20_look
	jnc	.done

	in	al, PORT_A
	or	al, PORT_A_A20
	and	al, ~PORT_A_RESET
	out	PORT_A, al
	call	a20_look
.done:
	ret

; Does a change at 0000:0500 stay away from FFFF:0510, 1 MiB above?
; Out: carry clear if it does. Clobbers ax, cx, dx.
a20_look:
	push	es
	mov	ax, 0xffff
	mov	es, ax
	mov	dx, [A20_PROBE]
	mov	ax, dx
	xor	cx, cx				; time for a slow controller
.again:
	inc	ax
	mov	[A20_PROBE], ax
	cmp	ax, [es:A20_PROBE + 16]
	loope	.again
	mov	[A20_PROBE], dx
	pop	es
	je	.closed
	clc
	ret
.closed:
	stc
	ret

A20_PROBE equ 0x500
	; EX 0.7 } todo "0.7", a20_enable

; Believed before: 16-bit code, a segment register shifted left by 4 is an
; address. After: the same registers are indices into the GDT.
protected_enter:
	; EX 0.7 { see loader/protected.inc
	cli
	lgdt	[gdt_pointer]
	mov	eax, cr0
	or	eax, CR0_PE
	mov	cr0, eax
	jmp	CODE32:.flat
bits 32
.flat:
	mov	ax, DATA32
	mov	ds, ax
	mov	es, ax
	mov	fs, ax
	mov	gs, ax
	mov	ss, ax
	jmp	ebx
	; EX 0.7 } todo "0.7", protected_enter
