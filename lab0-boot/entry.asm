; SPDX-License-Identifier: MIT
;
; entry.asm - the kernel's first instructions, for every way in.
;
; Owns      the Multiboot2 header, the PVH note.
; Offers    multiboot2_entry, pvh_entry (32-bit), entry64.
; Stands on the boot loader; long_mode_enter (exercise 0.5); entry_high.
; Why asm   no stack, no 64-bit mode, and segment registers that C can't load.
; Source    Multiboot2 specification, "Machine state"; Xen "x86/HVM direct
;           boot ABI"; Intel SDM 3A "Initializing IA-32e Mode".

%include "offsets.inc"

extern long_mode_enter
extern entry64_high
extern boot_gdt
extern boot_entry_tsc
global boot_gdt_pointer
global multiboot2_entry
global pvh_entry
global entry64

KERNEL_VMA equ 0xffffffff80000000
BOOT_GDT_BYTES equ 3 * 8
HEADER_LENGTH equ multiboot2_header_end - multiboot2_header
MULTIBOOT2_MAGIC equ 0xe85250d6

section .multiboot2 progbits alloc noexec nowrite align=8
multiboot2_header:
	dd	MULTIBOOT2_MAGIC
	dd	0				; i386 protected mode
	dd	HEADER_LENGTH
	dd	-(MULTIBOOT2_MAGIC + 0 + HEADER_LENGTH) & 0xffffffff
	align	8
	dw	4, 1				; console, optional: VGA text is
	dd	12, 2				; fine; UEFI has graphics only
	align	8
	dw	0, 0				; end of tags
	dd	8
multiboot2_header_end:

section .note.pvh note alloc noexec nowrite align=4
	dd	4, 8, 18			; XEN_ELFNOTE_PHYS32_ENTRY
	db	"Xen", 0
	dq	pvh_entry

section .boot.data progbits alloc noexec write align=8
boot_gdt_pointer:				; for lgdt while paging is off
	dw	BOOT_GDT_BYTES - 1
	dq	boot_gdt - KERNEL_VMA
no_long_mode:
	db	"strata: this CPU has no 64-bit mode with no-execute pages; "
	db	"stopping", 13, 10, 0

section .boot.bss nobits alloc noexec write align=4096
global boot_pml4
global boot_pdpt_low
global boot_pdpt_high
global boot_pd
boot_pml4:	resb 4096
boot_pdpt_low:	resb 4096
boot_pdpt_high:	resb 4096
boot_pd:	resb 4 * 4096
boot_stack_32:	resb 512
boot_stack_32_top:

section .boot.text progbits alloc exec nowrite align=16
bits 32

; Believed here: 32-bit protected mode, flat segments whose descriptors may be
; gone, paging and interrupts off, A20 open. eax = magic, ebx = information.
multiboot2_entry:
	mov	edi, eax
	jmp	entry32
pvh_entry:					; eax says nothing here
	mov	edi, BOOT_MAGIC_PVH

entry32:
	mov	esi, ebx
	cli
	cld
	rdtsc
	mov	[boot_entry_tsc - KERNEL_VMA], eax
	mov	[boot_entry_tsc - KERNEL_VMA + 4], edx
	mov	esp, boot_stack_32_top
	call	check_cpu
	jmp	long_mode_enter			; comes out at entry64

; In: nothing. Clobbers eax, ebx, ecx, edx. Does not return on an old CPU.
check_cpu:
	mov	eax, 0x80000000
	cpuid
	cmp	eax, 0x80000001			; is there the leaf with LM?
	jb	.refuse
	mov	eax, 0x80000001
	cpuid
	and	edx, 1 << 29 | 1 << 20		; LM, NX
	cmp	edx, 1 << 29 | 1 << 20
	jne	.refuse
	ret
.refuse:
	mov	esi, no_long_mode
	mov	edi, 0xb8000
.next:
	lodsb
	test	al, al
	jz	.end
	mov	ah, 0x4f			; white on red
	mov	[edi], ax
	add	edi, 2
	out	0xe9, al			; the verdict port
	mov	dx, 0x3f8			; COM1; it keeps up with QEMU,
	out	dx, al				; real ones lose letters only
	jmp	.next
.end:
	mov	eax, EXIT_PANIC
	mov	dx, 0xf4			; QEMU's isa-debug-exit
	out	dx, eax
.halt:
	hlt
	jmp	.halt

bits 64
default rel

; Believed here: 64-bit mode at the physical address, which the identity map
; still shows. edi, esi as at entry32. From here on only the higher half.
entry64:
	mov	rax, entry64_high
	jmp	rax
