# Two labels in a loop whose registers and memory change every turn: conditions are tried at `here`, and
# `after` is where a false one ends up, with the same state.
	.include "multiboot.inc"
	.globl _start, here, after, values
_start:
	cli
	mov $0x01234567, %eax
	mov $values, %esi
again:
	imul $1664525, %eax
	add $1013904223, %eax
	mov %eax, %ebx
	ror $11, %ebx
	mov %eax, %ecx
	sar $24, %ecx
	xor %ebx, %edx
	lea 7(%edi,%eax,2), %edi
	mov %ebx, (%esi)
	mov %cx, 4(%esi)
	mov %dl, 6(%esi)
here:
	nop
after:
	nop
	jmp again

	.bss
	.align 4
values:
	.skip 16
