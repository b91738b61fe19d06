# Prints one line on COM1 by polling the line status register, then powers off through port 604h; a machine
# without that port ends by the debug-exit port F4h.
	.include "multiboot.inc"
	.globl _start
_start:
	mov $stack_top, %esp
	mov $message, %esi
next_character:
	lodsb
	test %al, %al
	jz done
	call put_character
	jmp next_character
done:
	mov $0x604, %dx
	mov $0x2000, %ax
	out %ax, %dx
	mov $0, %al
	out %al, $0xf4
halt:
	cli
	hlt
	jmp halt

	.globl put_character
put_character:
	mov %al, %bl
	mov $0x3fd, %dx
wait_for_room:
	in %dx, %al
	test $0x20, %al
	jz wait_for_room
	mov %bl, %al
	mov $0x3f8, %dx
	out %al, %dx
	ret

	.section .rodata
message:
	.asciz "Hello from ring 0\r\n"
	.bss
	.align 16
	.skip 4096
stack_top:
