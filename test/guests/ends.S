# Ends as the first letter of its command line's last word says: e = exit port with 16, p = power-off,
# r = reset by the keyboard controller, h = halt with interrupts off, w = wait in HLT for nothing,
# c = prompt on COM1, wait in HLT for a byte there, send it back and power off,
# l = loop, s = a word on the screen, then halt, k = wait for a key and print its scan code,
# g = garbage, x = task gate, which is not built yet.
	.include "multiboot.inc"
	.globl _start
_start:
	mov $stack_top, %esp
	mov 16(%ebx), %esi
	mov %esi, %edi
1:	lodsb
	cmp $' ', %al
	jne 2f
	mov %esi, %edi
2:	test %al, %al
	jnz 1b
	mov (%edi), %al
	cmp $'e', %al
	je exit_port
	cmp $'p', %al
	je power_off
	cmp $'r', %al
	je reset
	cmp $'w', %al
	je wait
	cmp $'c', %al
	je console
	cmp $'l', %al
	je loop
	cmp $'s', %al
	je screen
	cmp $'k', %al
	je key
	cmp $'g', %al
	je garbage
	cmp $'x', %al
	je task_gate
halt:
	cli
	hlt
	jmp halt
exit_port:
	mov $16, %al
	out %al, $0xf4
	jmp halt
power_off:
	mov $0x604, %dx
	mov $0x2000, %ax
	out %ax, %dx
	jmp halt
reset:
	mov $'R', %al
	mov $0x3f8, %dx
	out %al, %dx
	mov $0xfe, %al
	out %al, $0x64
	jmp halt
wait:
	# The timer that firmware left ticking would find no gate: mode 0 without a count stops it.
	mov $0x30, %al
	out %al, $0x43
	sti
5:	hlt
	jmp 5b
console:
	# IRQ 4 is vector 0Ch, as firmware leaves the interrupt controller.
	mov $serial_interrupt, %eax
	mov %ax, serial_gate
	mov %cs, serial_gate + 2
	shr $16, %eax
	mov %ax, serial_gate + 6
	lidt serial_table
	mov $0xef, %al
	out %al, $0x21
	mov $0x3f9, %dx
	mov $1, %al
	out %al, %dx
	mov $0x3fc, %dx
	mov $0x0b, %al
	out %al, %dx
	mov $0x3f8, %dx
	mov $'>', %al
	out %al, %dx
	mov $' ', %al
	out %al, %dx
	jmp wait
serial_interrupt:
	mov $0x3f8, %dx
	in %dx, %al
	out %al, %dx
	jmp power_off
loop:
	jmp loop
screen:
	mov $0xb8000, %edi
	mov $words, %esi
	mov $0x1f, %ah
3:	lodsb
	test %al, %al
	jz halt
	stosw
	jmp 3b
key:
	in $0x64, %al
	test $1, %al
	jz key
	in $0x60, %al
	mov $0x3f8, %dx
	out %al, %dx
	out %al, $0xe9
	jmp key
garbage:
	mov $0x400000, %edi
	mov $0x10000, %ecx
	mov $0x12345678, %eax
4:	imul $1664525, %eax, %eax
	add $1013904223, %eax
	mov %eax, %edx
	shr $11, %edx
	mov %edx, (%edi)
	add $4, %edi
	loop 4b
	jmp *start_of_garbage
task_gate:
	lidt task_table
	int $0

	.section .rodata
words:
	.asciz "Hello, screen"
start_of_garbage:
	.long 0x400000
	.align 8
task_entry:
	# Type 5: task gate, present.
	.long 0x00100000, 0x00008500
task_table:
	.word 7
	.long task_entry
serial_table:
	.word 13 * 8 - 1
	.long serial_gates
	.data
	.align 8
serial_gates:
	.skip 12 * 8
serial_gate:
	# Present, 32-bit interrupt gate; the address is filled in.
	.long 0, 0x00008e00
	.bss
	.align 16
	.skip 4096
stack_top:
