; SPDX-License-Identifier: MIT
;
; stage2.asm - stage 2's start, its way to the BIOS, and its way out.
;
; Owns      the GDT, the drive's number, the bottom of every mode switch.
; Offers    bios_call, kernel_enter, run_end (bios.h); kbc_wait, gdt_pointer,
;           loader_end.
; Stands on a20_enable and protected_enter (exercise 0.7); loader_main.
; Why asm   real mode, and registers that C cannot name.
; Source    Intel SDM 3A "Switching Back to Real-Address Mode"; Multiboot2
;           Specification 2.0, 3.5 "I386 machine state".

%include "loader/loader.inc"
%include "loader/protected.inc"

extern a20_enable
extern protected_enter
extern loader_main
extern bss_start
extern bss_end
global bios_call
global kernel_enter
global run_end
global stage2_start

section .start progbits alloc exec nowrite align=16
bits 16

; The boot sector jumps here: real mode, dl = drive, ds = es = ss = 0.
stage2_start:
	mov	esp, MBR_BASE			; the upper half may be rubbish
	mov	[drive], dl
	mov	ebx, start32

; Go on at ebx in protected mode, all memory within reach.
protected_go:
	push	ebx
	call	a20_enable
	pop	ebx
	jnc	protected_enter
	mov	si, a20_closed
	mov	al, EXIT_LOADER
	jmp	loader_end

bits 32
start32:
	mov	edi, bss_start
	mov	ecx, bss_end
	sub	ecx, edi
	shr	ecx, 2				; stage2.ld aligns both
	xor	eax, eax
	rep stosd
	movzx	eax, byte [drive]
	push	eax
	call	loader_main			; never returns

; void bios_call(unsigned interrupt, struct bios_regs *regs)
; The registers lie at regs as popad wants them, then es, ds, eflags.
bios_call:
	pushad
	mov	al, [esp + 36]
	mov	[bios_int.number], al
	mov	ebx, [esp + 40]
	mov	[bios_regs], ebx
	mov	[bios_esp], esp
	jmp	CODE16:.leave

; Before: protected mode, 16-bit code from here on. After: real mode; the
; segment registers keep the 64 KiB limits that DATA16 gives them now.
bits 16
.leave:
	mov	ax, DATA16
	mov	ds, ax
	mov	es, ax
	mov	fs, ax
	mov	gs, ax
	mov	ss, ax
	mov	eax, cr0
	and	eax, ~CR0_PE
	mov	cr0, eax
	jmp	0:.real
.real:
	xor	ax, ax
	mov	ds, ax
	mov	fs, ax
	mov	gs, ax
	mov	ss, ax

	mov	esp, [bios_regs]
	popad
	pop	es
	pop	ds
	mov	esp, [cs:bios_esp]
	sti					; the BIOS may wait for a tick
bios_int:
	db	0xcd				; int number
.number:
	db	0
	pushfd
	pop	dword [cs:bios_eflags]
	cli					; no interrupt on that small a stack
	mov	esp, [cs:bios_regs]
	add	sp, 36				; behind ds
	push	ds
	push	es
	pushad
	xor	ax, ax
	mov	ds, ax
	mov	es, ax
	mov	esp, [bios_esp]
	cld
	sti					; as protected.inc promises
	mov	ebx, .back
	jmp	protected_go			; some BIOSes close A20 again
bits 32
.back:
	mov	ebx, [bios_regs]
	mov	eax, [bios_eflags]
	mov	[ebx + 36], eax
	popad
	ret

; void kernel_enter(uint32_t entry, uint32_t info)
kernel_enter:
	mov	ecx, [esp + 4]
	mov	ebx, [esp + 8]
	mov	eax, MULTIBOOT2_LOADER_MAGIC
	jmp	ecx

; void run_end(enum run_end why)
run_end:
	mov	eax, [esp + 4]
	out	EXIT_PORT, eax
.halt:
	cli
	hlt
	jmp	.halt

bits 16
kbc_wait:
	xor	cx, cx				; 65536 looks at most
.busy:
	in	al, KBC_COMMAND
	test	al, KBC_INPUT_FULL
	loopnz	.busy
	ret

global kbc_wait
global gdt_pointer
global loader_end
%include "loader/print.inc"

MULTIBOOT2_LOADER_MAGIC equ 0x36d76289

section .data
a20_closed:
	record	"loader: stage 2: address line A20 cannot be opened"
drive:	db	0

	align	8, db 0
gdt:
	dq	0
	dq	0x00cf9b000000ffff		; CODE32: 0-4 GiB, execute, read
	dq	0x00cf93000000ffff		; DATA32: 0-4 GiB, read, write
	dq	0x00009b000000ffff		; CODE16: 0-64 KiB
	dq	0x000093000000ffff		; DATA16
gdt_end:
gdt_pointer:
	dw	gdt_end - gdt - 1
	dd	gdt

	align	4, db 0
bios_regs: dd	0
bios_esp: dd	0
bios_eflags: dd 0
