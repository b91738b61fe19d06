# A kernel linked at C0100000h and loaded at 1 MiB that counts down for a while before it turns paging on
# (4 MiB pages: identity and C0000000h), jumps to its high half, calls `high_main`, prints and powers off.
# A breakpoint on `high_main` set at the start lies in memory that is not mapped yet.
	.set HIGH_HALF, 0xc0000000
	.include "multiboot.inc"

	.section .boot.text, "ax"
	.globl _start
_start:
	mov $5000, %ecx
delay:
	dec %ecx
	jnz delay
	mov $page_directory - HIGH_HALF, %eax
	mov %eax, %cr3
	mov %cr4, %eax
	or $0x10, %eax			# PSE
	mov %eax, %cr4
	mov %cr0, %eax
	or $0x80010000, %eax		# PG, WP
	mov %eax, %cr0
	mov $high_entry, %eax
	jmp *%eax

	.text
high_entry:
	mov $stack_top, %esp
	movl $0, page_directory		# drop the identity mapping
	mov %cr3, %eax
	mov %eax, %cr3
	xor %ebp, %ebp
	call high_main
	mov $0x604, %dx
	mov $0x2000, %ax
	out %ax, %dx
	mov $0, %al
	out %al, $0xf4
halt:
	cli
	hlt
	jmp halt

	.globl high_main
	.type high_main, @function
high_main:
	push %ebp
	mov %esp, %ebp
	mov $message, %esi
	mov $0x3f8, %dx
next_character:
	lodsb
	test %al, %al
	jz done
	out %al, %dx
	incl printed
	jmp next_character
done:
	leave
	ret
	.size high_main, . - high_main

	.section .rodata
message:
	.asciz "high half\r\n"
	.data
	.globl printed
	.align 4
printed:
	.long 0
	.align 4096
page_directory:
	.long 0x83			# 0-4 MiB: present, writable, 4 MiB page
	.fill 767, 4, 0
	.long 0x83			# the same at C0000000h
	.fill 255, 4, 0
	.bss
	.align 16
	.skip 4096
stack_top:
