# The first of three programs: a boot sector that reads the other two and enters the second in protected mode.
	.code16
	.globl boot_start
boot_start:
	ljmp $0, $read
read:
	cli
	xor %ax, %ax
	mov %ax, %ds
	mov %ax, %ss
	mov $boot_start, %sp
	mov $0x1000, %ax
	mov %ax, %es
	xor %bx, %bx
	mov $0x020c, %ax		# 12 sectors from the second one to 10000h
	mov $0x0002, %cx
	mov $0, %dh
	int $0x13
	lgdtl table
	mov %cr0, %eax
	or $1, %al
	mov %eax, %cr0
	ljmpl $8, $protected
	.code32
protected:
	mov $16, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov $0x90000, %esp
	xor %ebp, %ebp
	call 0x10000
stay:
	hlt
	jmp stay
	.align 8
descriptors:
	.quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff
table:
	.word . - descriptors - 1
	.long descriptors
	.org 510
	.word 0xaa55
