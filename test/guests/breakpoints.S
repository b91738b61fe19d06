# A kernel that debugs itself with DR0-DR3 and tells port E9h of every #DB: the low words of EIP and DR6. "Tn" begins
# a test. DR3 has the execution breakpoints: for those the handler sets RF, which QEMU leaves out of the image.
	.include "multiboot.inc"
	.set EXECUTE, 0
	.set WRITE, 1
	.set PORT, 2
	.set ACCESS, 3
	.globl _start
_start:
	mov $stack, %esp
	mov $db, %eax
	mov %ax, idt + 8
	shr $16, %eax
	mov %ax, idt + 14
	mov $de, %eax
	mov %ax, idt
	shr $16, %eax
	mov %ax, idt + 6
	lgdt gdt_register
	lidt idt_register
	ljmp $8, $1f
1:	mov $16, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss

# Begins test \number with DR\dr armed; a further `also` arms more.
.macro test number, dr, address, on, length=1
	xor %eax, %eax
	mov %eax, %dr7
	mov $0x\number, %al
	call tell_test
	mov $\address, %eax
	mov %eax, %dr\dr
	mov $((2 << (2 * \dr)) | ((\on | ((\length - 1) << 2)) << (16 + 4 * \dr))), %eax
	mov %eax, %dr7
.endm
.macro also dr, address, on, length=1, enable=2
	mov $\address, %eax
	mov %eax, %dr\dr
	mov %dr7, %eax
	or $((\enable << (2 * \dr)) | ((\on | ((\length - 1) << 2)) << (16 + 4 * \dr))), %eax
	mov %eax, %dr7
.endm

	test 01, 3, 1f, EXECUTE
	nop
1:	nop
	nop

	test 02, 0, data, WRITE, 4
	mov data, %eax
	mov %eax, data
	incl data
	mov %al, data + 3
	mov %al, data + 4
	mov %eax, data - 3
	mov %eax, data - 4

	test 03, 1, data, ACCESS, 2
	mov data, %al
	mov data + 1, %al
	mov data + 2, %al
	mov data - 2, %eax
	cmp %al, data + 1

	# The low bits of the address do not count.
	test 04, 2, data+7, WRITE, 4
	mov %al, data + 3
	mov %al, data + 4
	mov %al, data + 7
	mov %al, data + 8

	test 05, 0, data+8, WRITE, 4
	also 1, data+17, WRITE
	mov $6, %ecx
	mov $data, %edi
	rep stosl
	nop

	test 06, 0, data+4, ACCESS
	also 1, data+0x102, WRITE
	mov $6, %ecx
	mov $data, %esi
	mov $data + 0x100, %edi
	rep movsb
	nop

	test 07, 0, data, WRITE, 4
	pushf
	orl $0x100, (%esp)
	popf
	mov %eax, data
	pushf
	andl $~0x100, (%esp)
	popf
	nop

	test 08, 0, data, WRITE, 4
	also 3, 1f, EXECUTE
	mov %eax, data
1:	nop

	test 09, 3, 1f, EXECUTE
	also 1, data, ACCESS, 4
1:	cpuid
	call 2f
2:	pop %eax
	pushl data
	popl data

	test 10, 0, stack-4, WRITE, 4
	push %eax
	pop %eax
	call 1f
1:	pop %eax

	# DIV reads its operand and faults.
	test 11, 0, data, ACCESS, 4
	movl $0, data
	divl data
	nop

	# In one page and the next.
	test 12, 0, page, WRITE
	also 1, page-1, WRITE
	mov %eax, page - 2
	mov %eax, page - 4
	mov %eax, page

	mov %cr4, %eax
	or $8, %eax
	mov %eax, %cr4
	test 13, 0, 0x80, PORT
	also 1, 0x82, PORT, 2
	in $0x80, %al
	out %al, $0x80
	in $0x81, %al
	out %al, $0x83
	in $0x82, %ax
	mov $0x80, %edx
	mov $3, %ecx
	mov $data, %esi
	rep outsb
	nop
	mov $2, %ecx
	mov $data, %edi
	rep insb
	nop

	# Without CR4.DE port breakpoints mean nothing.
	mov %cr4, %eax
	and $~8, %eax
	mov %eax, %cr4
	test 14, 0, 0x80, PORT
	out %al, $0x80

	# A register that is not enabled.
	test 15, 0, data, WRITE
	also 1, data, WRITE, 1, 0
	mov %al, data

	test 16, 0, data, WRITE, 4
	also 1, data+4, WRITE, 4
	mov %eax, data + 2
	mov %eax, data + 4
	mov %eax, data

	test 17, 3, 1f, EXECUTE
	mov %ss, %eax
	mov %eax, %ss
1:	nop
	nop

	test 18, 0, selector, ACCESS, 2
	mov selector, %ss
	nop
	nop

	xor %eax, %eax
	mov %eax, %dr7
	xor %eax, %eax
	out %al, $0xf4
	hlt

db:	pusha
	mov 32(%esp), %eax
	call tell_word
	mov $' ', %al
	out %al, $0xe9
	mov %dr6, %eax
	call tell_word
	mov $'\n', %al
	out %al, $0xe9
	xor %eax, %eax
	mov %eax, %dr6
	mov %dr3, %eax
	cmp 32(%esp), %eax
	jne 1f
	orl $0x10000, 40(%esp)
1:	popa
	iret

de:	addl $6, (%esp)
	iret

tell_test:
	push %eax
	mov $'T', %al
	out %al, $0xe9
	pop %eax
	call tell_byte
	mov $'\n', %al
	out %al, $0xe9
	ret
tell_word:
	rol $24, %eax
	call tell_byte
	rol $8, %eax
tell_byte:
	rol $28, %eax
	call tell_digit
	rol $4, %eax
tell_digit:
	push %eax
	and $15, %eax
	mov digits(%eax), %al
	out %al, $0xe9
	pop %eax
	ret

	.section .rodata, "a"
digits:	.ascii "0123456789ABCDEF"
gdt_register:
	.word 23
	.long gdt
idt_register:
	.word 2 * 8 - 1
	.long idt
	.align 8
gdt:	.quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
selector:
	.word 16
	.data
	.align 8
idt:	.rept 2
	.quad 0x00008e0000080000
	.endr
	.bss
	.align 4096
	.skip 2048
data:	.skip 2048
page:	.skip 4096
	.skip 4096
stack:
