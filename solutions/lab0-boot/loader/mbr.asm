; SPDX-License-Identifier: MIT
;
; mbr.asm - the boot sector: loads stage 2 and jumps to it.
;
; Owns      the first 438 bytes of the disk, with what mbr.inc gives.
; Offers    0000:STAGE2_BASE, DL = drive, to stage2.asm.
; Stands on INT 13h with its extensions.
; Why asm   real mode, and 438 bytes for all of it.
; Source    mbr.inc.

%include "loader/loader.inc"
%include "loader/todo.inc"
%include "loader/mbr.inc"

bits 16
org MBR_BASE

	MBR_HEAD

mbr_load:
	; EX 0.6 { see loader/mbr.inc
	mov	ah, 0x41
	mov	bx, 0x55aa
	mov	dl, [mbr_drive]
	int	0x13
	mov	si, no_extensions
	jc	mbr_fail
	cmp	bx, 0xaa55
	jne	mbr_fail
	test	cl, 1
	jz	mbr_fail

	mov	di, READ_TRIES
.try:
	mov	ax, [stage2_sectors]
	mov	[packet + dap.blocks], ax	; a failure may have cleared it
	mov	si, packet
	mov	ah, 0x42
	mov	dl, [mbr_drive]
	int	0x13
	jnc	.loaded
	mov	ah, 0x00
	mov	dl, [mbr_drive]
	int	0x13
	dec	di
	jnz	.try
	mov	si, read_failed
	jmp	mbr_fail
.loaded:
	mov	dl, [mbr_drive]
	jmp	0:STAGE2_BASE

READ_TRIES equ 4
	; EX 0.6 } todo "0.6", mbr_load

	MBR_TAIL
