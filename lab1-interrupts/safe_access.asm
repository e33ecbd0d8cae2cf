; SPDX-License-Identifier: MIT
;
; safe_access.asm - memory that may not be there.
;
; Owns      nothing.
; Offers    safe_read8 to safe_write64, safe_copy (<lab1/safe_access.h>).
; Stands on the exception table, exercise 1.9.
; Why asm   the table names instructions, and C does not say which one it will
;           touch the memory with.
; Source    Intel SDM 2B "REP": RCX, RSI and RDI tell how far an interrupted
;           repetition came.

bits 64
default rel

%include "offsets.inc"
%include "lab1/exception_table.inc"

section .text

; safe_read NAME, REGISTER: int NAME(address, out)
; In: rdi the address, rsi where to. Out: eax 0 or -EFAULT. Clobbers rdx.
%macro safe_read 2
global %1
%1:
.read:	mov	%2, [rdi]
	mov	[rsi], %2
	xor	eax, eax
	ret
	exception_entry .read, refused
%endmacro

	safe_read safe_read8, dl
	safe_read safe_read16, dx
	safe_read safe_read32, edx
	safe_read safe_read64, rdx

; safe_write NAME, REGISTER: int NAME(address, value)
; In: rdi the address, rsi the value. Out: eax 0 or -EFAULT.
%macro safe_write 2
global %1
%1:
.write:	mov	[rdi], %2
	xor	eax, eax
	ret
	exception_entry .write, refused
%endmacro

	safe_write safe_write8, sil
	safe_write safe_write16, si
	safe_write safe_write32, esi
	safe_write safe_write64, rsi

; Where the eight go on after a fault.
refused:
	mov	eax, -EFAULT
	ret

; size_t safe_copy(to, from, len_bytes)
; In: rdi, rsi, rdx. Out: rax what is left. Clobbers rcx, rdx, rdi, rsi.
; A fault stops a repetition with RCX, RSI and RDI as they stand. After one of
; the words the bytes are tried, which find out how far it really goes.
global safe_copy
safe_copy:
	mov	rcx, rdx
	shr	rcx, 3
.words:	rep movsq
.rest:	and	edx, 7
	lea	rcx, [rcx * 8 + rdx]
.bytes:	rep movsb
.end:	mov	rax, rcx
	ret
	exception_entry .words, .rest
	exception_entry .bytes, .end
