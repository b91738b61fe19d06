# Says "busy" on port E9h and loops for ever with interrupts off: what ^C and limits must be able to stop.
	.include "multiboot.inc"
	.globl _start
_start:
	cli
	mov $message, %esi
	mov $message_end - message, %ecx
	mov $0xe9, %dx
	rep outsb
	xor %eax, %eax
	.globl busy
busy:
	inc %eax
	add %eax, %ebx
	mov %ebx, counter
	jmp busy

	.section .rodata
message:
	.ascii "busy\n"
message_end:
	.bss
	.globl counter
	.align 4
counter:
	.skip 4
