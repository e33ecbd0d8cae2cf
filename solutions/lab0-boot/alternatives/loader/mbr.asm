; SPDX-License-Identifier: MIT
;
; mbr.asm - the boot sector: loads stage 2 and jumps to it.
;
; Owns      the first 438 bytes of the disk, with what mbr.inc gives.
; Offers    0000:STAGE2_BASE, DL = drive, to stage2.asm.
; Stands on INT 13h with its extensions.
; Why asm   real mode, and 438 bytes for all of it.
; Source    mbr.inc.
;
; One sector a call: a read that fails costs that sector only, and the packet
; itself keeps the place where the work goes on.

%include "loader/loader.inc"
%include "loader/mbr.inc"

SECTOR_BYTES equ 512
REPEATS equ 4				; of the read of one sector

bits 16
org MBR_BASE

	MBR_HEAD

mbr_load:
	mov	si, no_extensions
	mov	ah, 0x41
	mov	bx, 0x55aa
	call	disk_call
	jc	mbr_fail
	shr	cx, 1				; bit 0: AH=42h to 44h, 47h, 48h
	jnc	mbr_fail
	cmp	bx, 0xaa55
	jne	mbr_fail

	mov	di, [stage2_sectors]
	jmp	.more
.sector:
	call	sector_read
	mov	si, read_failed
	jc	mbr_fail
	add	word [packet + dap.offset], SECTOR_BYTES
	inc	word [packet + dap.lba]		; stage 2 has 64 sectors at most
.more:
	sub	di, 1
	jnc	.sector

	mov	dl, [mbr_drive]
	jmp	0:STAGE2_BASE

; Read the one sector that the packet names, again after an error.
; Out       carry set: it cannot be read. Clobbers ax, cx, dx, si.
sector_read:
	mov	cx, REPEATS
.try:
	mov	si, packet
	mov	word [si + dap.blocks], 1	; a failure may have changed it
	mov	ah, 0x42
	call	disk_call
	jnc	.done
	dec	cx				; keeps the carry flag
	js	.done
	xor	ah, ah				; reset
	call	disk_call
	jmp	.try
.done:
	ret

; INT 13h on the drive that the firmware named.
disk_call:
	mov	dl, [mbr_drive]
	int	0x13
	ret

	MBR_TAIL
