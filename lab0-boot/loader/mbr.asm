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
	; Exercise 0.6: see loader/mbr.inc
	todo "0.6", mbr_load

	MBR_TAIL
