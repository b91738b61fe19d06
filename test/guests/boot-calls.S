# A boot sector that lives at 07C0:0000, with stack and data there too, and calls a function for ever.
	.code16
	.globl _start
_start:
	ljmp $0x7c0, $start - _start
start:
	mov %cs, %ax
	mov %ax, %ds
	mov %ax, %ss
	mov $0x4000, %sp
again:
	call show
	incw count - _start
	jmp again
show:
	push %bp
	mov %sp, %bp
	mov $0x1234, %ax
	pop %bp
	ret
count:
	.word 0
	.org 510
	.word 0xaa55
