# A kernel that a loader starts and that goes back to real mode for the firmware's services. What each leaves
# goes to port E9h, a line a call of hexadecimal words; the end is port F4h.
	.include "multiboot.inc"
	.globl _start
	.set LOW, 0x8000
_start:
	cli
	mov $low, %esi
	mov $LOW, %edi
	mov $low_end - low, %ecx
	rep movsb
	lgdt gdtr
	ljmp $0x08, $LOW

	.macro show value
	mov \value, %ax
	call show
	.endm
	.macro line
	mov $'\n', %al
	out %al, $0xe9
	.endm
	.macro word address
	show \address
	line
	.endm

	.code16
low:
	mov $0x10, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov %cr0, %eax
	and $~1, %al
	mov %eax, %cr0
	ljmp $0, $LOW + real - low
real:
	xor %ax, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov $0x7000, %sp
	lidt LOW + idtr - low
	# The data area: base memory, extended data area, equipment, video mode, columns, CRTC, rows, hard disks.
	word 0x413
	word 0x40e
	show 0x44a
	show 0x463
	line
	movzbw 0x449, %cx
	word %cx
	movzbw 0x484, %cx
	word %cx
	movzbw 0x475, %cx
	word %cx
	# INT 12h
	int $0x12
	call show
	line
	# INT 10h: the mode; a character, whose cell and cursor then show it
	mov $0x0f00, %ax
	int $0x10
	call show
	and $0xff00, %bx
	word %bx
	mov $0x0002, %ax
	int $0x10
	mov $0x0e41, %ax
	xor %bx, %bx
	int $0x10
	mov $0xb800, %ax
	mov %ax, %es
	show %es:0
	mov $0x0300, %ax
	xor %bx, %bx
	int $0x10
	word %dx
	# INT 15h: the first range of the memory map
	xor %ebx, %ebx
	mov %bx, %es
	mov $0x6000, %di
	mov $20, %ecx
	mov $0x534d4150, %edx
	mov $0xe820, %eax
	int $0x15
	pushf
	show %cx
	show 0x6000
	show 0x6008
	show 0x600a
	show 0x6010
	pop %ax
	and $1, %ax
	call show
	line
	# INT 13h: no disk 80h
	mov $0x0800, %ax
	mov $0x80, %dx
	int $0x13
	setc %al
	movzbw %al, %ax
	call show
	line
	# INT 16h: no key
	mov $0x0100, %ax
	int $0x16
	setz %al
	movzbw %al, %ax
	call show
	line
	# INT 1Ah: the ticks since midnight are some, and the same as in the data area
	xor %ax, %ax
	int $0x1a
	sub 0x46c, %dx
	sub 0x46e, %cx
	or %cx, %dx
	word %dx
	mov $0x10, %al
	mov $0xf4, %dx
	out %al, %dx
	hlt
# AX in hexadecimal and a space; all registers are kept.
show:
	pusha
	mov %ax, %bx
	mov $4, %cx
1:	rol $4, %bx
	mov %bl, %al
	and $15, %al
	cmp $10, %al
	sbb $0x69, %al
	das
	out %al, $0xe9
	loop 1b
	mov $' ', %al
	out %al, $0xe9
	popa
	ret
idtr:
	.word 0x3ff
	.long 0
low_end:

	.balign 8
gdt:
	.quad 0
	.quad 0x00009a000000ffff
	.quad 0x000092000000ffff
gdtr:
	.word . - gdt - 1
	.long gdt
