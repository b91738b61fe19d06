# Entry of debuggee.c: a stack, a frame that ends the call chain, interrupts off.
	.include "multiboot.inc"
	.globl _start
_start:
	cli
	mov $stack_top, %esp
	xor %ebp, %ebp
	call start_c
halt:
	hlt
	jmp halt

	.globl slide
slide:
	.rept 1000
	nop
	.endr
	jmp slide

	.bss
	.align 16
	.skip 16384
stack_top:
