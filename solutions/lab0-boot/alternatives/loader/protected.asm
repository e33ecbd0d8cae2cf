; SPDX-License-Identifier: MIT
;
; protected.asm - from real mode, where 1 MiB is all, to protected mode.
;
; Offers    a20_enable, protected_enter.
; Stands on the GDT and kbc_wait of stage2.asm; INT 15h.
; Why asm   C code cannot run before the switch.
; Source    protected.inc.

%include "loader/loader.inc"
%include "loader/protected.inc"

extern kbc_wait
extern gdt_pointer
global a20_enable
global protected_enter

HIGH_SEGMENT equ 0xffff			; its offset 10h is linear 1 MiB
HIGH_OFFSET equ 0x10

section .text
bits 16

; The ways are a table, and each is judged by the same look.
a20_enable:
	call	a20_look
	mov	si, a20_ways
.way:
	jnc	.end
	cmp	si, a20_ways.end
	stc					; keeps what cmp found
	je	.end
	push	si
	call	[si]
	call	a20_follow
	pop	si
	lea	si, [si + 2]			; keeps the carry flag
	jmp	.way
.end:
	ret

; Way 1: the firmware may know its mainboard.
a20_bios:
	push	ds
	push	es
	mov	ax, 0x2401
	int	0x15
	pop	es
	pop	ds
	ret

; Way 2: the line hangs on the keyboard controller's output port. Interrupts
; are off, or the BIOS's keyboard handler may come between the two bytes.
a20_keyboard:
	pushf
	cli
	call	kbc_wait
	mov	al, KBC_WRITE_OUTPUT_PORT
	out	KBC_COMMAND, al
	call	kbc_wait
	mov	al, KBC_A20_OPEN
	out	KBC_DATA, al
	popf
	ret

; Way 3: newer chipsets have the line in a port of their own.
a20_fast:
	in	al, PORT_A
	and	al, ~PORT_A_RESET & 0xff
	or	al, PORT_A_A20
	out	PORT_A, al
	ret

; Give the line time to follow. Out: as of a20_look. Clobbers ax, cx, fs.
a20_follow:
	xor	cx, cx				; 65536 looks at most
.again:
	call	a20_look
	jnc	.end
	loop	.again
.end:
	ret

; Is the line open? Only a word of our own is written, never the one above:
; with the line closed both are one cell, and differ neither before nor after
; one of them changes.
; Out       carry clear: it is open. Clobbers ax, fs.
a20_look:
	mov	ax, HIGH_SEGMENT
	mov	fs, ax
	mov	ax, [a20_mark]
	cmp	ax, [fs:a20_mark + HIGH_OFFSET]
	jne	.open
	not	ax
	not	word [a20_mark]
	cmp	ax, [fs:a20_mark + HIGH_OFFSET]
	not	word [a20_mark]			; put back; not keeps the flags
	jne	.open
	stc
	ret
.open:
	clc
	ret

; Believed before: 16-bit code, a segment register shifted left by 4 is an
; address. After: the same registers are indices into the GDT.
protected_enter:
	cli
	o32 lgdt [gdt_pointer]
	mov	eax, cr0
	or	al, CR0_PE
	mov	cr0, eax
	jmp	CODE32:.flat
bits 32
.flat:
	mov	eax, DATA32
	mov	ss, eax
	mov	ds, eax
	mov	es, eax
	mov	fs, eax
	mov	gs, eax
	jmp	ebx

section .data
	align	2, db 0
a20_mark:
	dw	0x5aa5
a20_ways:
	dw	a20_bios, a20_keyboard, a20_fast
.end:
