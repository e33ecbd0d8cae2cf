; SPDX-License-Identifier: MIT
;
; hostile_bios.asm - an option ROM that makes the BIOS as bad as some are.
;
; Owns      the vectors 13h and 15h from the ROM's initialisation on; the old
;           ones move to vectors 60h and 61h, which nobody uses.
; Offers    chosen with nasm -D:
;             MAP_COUNT=n       INT 15h E820h answers from the n records in the
;                               file memory-map: bytes to answer, base, length,
;                               type, attributes (28 bytes);
;                               MAP_END_CARRY=1: the list ends with carry set;
;                               MAP_SIGNATURE=n: instead of SMAP, but in the
;                               first MAP_SIGNED=n answers
;             NO_EXTENSIONS=n   INT 13h AH=41h: 1: only the carry flag, 2: only
;                               BX, 3: only CX tells that there are none
;             WANTS_RESET=1     INT 13h AH=42h fails until AH=00h was called
;             A20_CLOSED=1      A20 is closed after a read of sector 1;
;                               PORT_A_BITS=n: these bits of port 92h are set
;             A20_BIOS=1        INT 15h AX=2401h refuses
;             A20_BIOS=2        ... says that it worked, and does nothing
;             A20_BIOS=3        ... ends the run with code A20_ASKED
; Why asm   an option ROM is real-mode code.
; Source    BIOS Boot Specification 1.01, 3.3; Interrupt list.

bits 16
org 0

OLD_13 equ 0x60
OLD_15 equ 0x61
EXIT_PORT equ 0xf4
PORT_A equ 0x92
SMAP equ 0x534d4150
dap_lba equ 8
RESET_WANTED equ 0x4f0			; between applications, says the BIOS
A20_ASKED equ 0x20
MAP_NEXT equ 0x5ca1ab00			; continuation: this, plus an index
RECORD_BYTES equ 28

%ifndef A20_BIOS
%define A20_BIOS 0
%endif
%ifndef MAP_SIGNATURE
%define MAP_SIGNATURE SMAP
%endif
%ifndef MAP_SIGNED
%define MAP_SIGNED 0
%endif
%ifndef PORT_A_BITS
%define PORT_A_BITS 0
%endif
%ifndef MAP_END_CARRY
%define MAP_END_CARRY 0
%endif

	dw	0xaa55
	db	ROM_BLOCKS			; of 512 bytes
	jmp	near start

	times	0x18 - ($ - $$) db 0
	dw	0				; no PCI data
	dw	0				; no PnP header

start:
	push	ds
	push	ax
	xor	ax, ax
	mov	ds, ax
	mov	eax, [0x13 * 4]
	mov	[OLD_13 * 4], eax
	mov	eax, [0x15 * 4]
	mov	[OLD_15 * 4], eax
	mov	ax, cs
	mov	word [0x13 * 4], disk
	mov	[0x13 * 4 + 2], ax
	mov	word [0x15 * 4], system
	mov	[0x15 * 4 + 2], ax
	mov	byte [RESET_WANTED], 1
	pop	ax
	pop	ds
	retf

; Return from the interrupt with these flags as the answer, interrupts on.
%macro answer 1				; stc or clc
	sti
	%1
	retf	2
%endmacro

disk:
%ifdef NO_EXTENSIONS
	cmp	ah, 0x41
	jne	.extended
%if NO_EXTENSIONS == 1
	mov	bx, 0xaa55
	mov	cx, 1
	mov	ah, 1				; unknown function
	answer	stc
%elif NO_EXTENSIONS == 2
	mov	cx, 1
	answer	clc
%else
	mov	bx, 0xaa55
	mov	cx, 6
	answer	clc
%endif
.extended:
%endif
%ifdef WANTS_RESET
	push	ds
	push	0
	pop	ds
	cmp	ah, 0
	jne	.no_reset
	mov	byte [RESET_WANTED], 0
.no_reset:
	cmp	ah, 0x42
	jne	.as_ever
	cmp	byte [RESET_WANTED], 0
	je	.as_ever
	pop	ds
	mov	ah, 0x80			; timeout: not ready
	answer	stc
.as_ever:
	pop	ds
%endif
%ifdef A20_CLOSED
	cmp	ah, 0x42
	jne	.other
	cmp	dword [si + dap_lba], 1
	jne	.other
	int	OLD_13
	push	ax
	in	al, PORT_A
	jc	.failed
	and	al, ~3
	or	al, PORT_A_BITS
	out	PORT_A, al
	pop	ax
	answer	clc
.failed:
	pop	ax
	answer	stc
.other:
%endif
	int	OLD_13
	sti
	retf	2

system:
%if A20_BIOS
	cmp	ax, 0x2401
	jne	.not_a20
%if A20_BIOS == 3
	mov	eax, A20_ASKED
	out	EXIT_PORT, eax
%endif
%if A20_BIOS == 1
	mov	ah, 0x86
	answer	stc
%else
	mov	ah, 0
	answer	clc
%endif
.not_a20:
%endif
%ifdef MAP_COUNT
	cmp	eax, 0xe820
	je	memory
%endif
	int	OLD_15
	sti
	retf	2

%ifdef MAP_COUNT
memory:
	cmp	edx, SMAP
	jne	.none
	test	ebx, ebx
	jz	.first
	sub	ebx, MAP_NEXT			; all 32 bits have to come back
	cmp	ebx, MAP_COUNT + MAP_END_CARRY
	jae	.none
.first:
	cmp	ebx, MAP_COUNT
	jae	.none
	push	si
	push	di
	push	ebx
	imul	si, bx, RECORD_BYTES
	add	si, map
	mov	eax, [cs:si]
	cmp	ecx, eax
	jbe	.room
	mov	ecx, eax
.room:
	push	ecx
	add	si, 4
	rep cs movsb
	pop	ecx
	pop	ebx
	pop	di
	pop	si
	inc	ebx
	mov	eax, MAP_SIGNATURE
	cmp	ebx, MAP_SIGNED
	ja	.signed
	mov	eax, SMAP
.signed:
	cmp	ebx, MAP_COUNT
	jb	.more
%if MAP_END_CARRY == 0
	xor	ebx, ebx
	jmp	.given
%endif
.more:
	add	ebx, MAP_NEXT
.given:
	answer	clc
.none:
	mov	ah, 0x86
	answer	stc

map:
	incbin	"memory-map"
%endif
