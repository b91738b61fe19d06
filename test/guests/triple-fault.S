# Loads an interrupt table of limit 0 and raises #UD: no gate for it, none for #GP, none for #DF: shutdown.
	.include "multiboot.inc"
	.globl _start
_start:
	mov $0x11111111, %eax
	mov $0x22222222, %ebx
	lidt empty_table
	.globl fatal
fatal:
	ud2
	hlt

	.section .rodata
empty_table:
	.word 0
	.long 0
