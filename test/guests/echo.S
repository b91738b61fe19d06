# Sleeps in HLT with the timer at 1 kHz and the serial port's receive interrupt on; sends back every character
# it gets, counts timer ticks in memory and powers off at `q`.
	.include "multiboot.inc"
	.globl _start
_start:
	mov $stack_top, %esp
	lgdt gdt_pointer
	ljmp $8, $1f
1:	mov $16, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	# Both interrupt controllers: vectors 20h and 28h, only IRQ 0 and 4 open.
	mov $0x11, %al
	out %al, $0x20
	out %al, $0xa0
	mov $0x20, %al
	out %al, $0x21
	mov $0x28, %al
	out %al, $0xa1
	mov $4, %al
	out %al, $0x21
	mov $2, %al
	out %al, $0xa1
	mov $1, %al
	out %al, $0x21
	out %al, $0xa1
	mov $0xee, %al
	out %al, $0x21
	mov $0xff, %al
	out %al, $0xa1
	mov $timer_interrupt, %eax
	mov $0x20, %edi
	call set_gate
	mov $serial_interrupt, %eax
	mov $0x24, %edi
	call set_gate
	lidt idt_pointer
	# Counter 0, mode 2, 1193 cycles.
	mov $0x34, %al
	out %al, $0x43
	mov $0xa9, %al
	out %al, $0x40
	mov $0x04, %al
	out %al, $0x40
	mov $0x3f9, %dx
	mov $1, %al
	out %al, %dx
	mov $0x3fc, %dx
	mov $0x0b, %al
	out %al, %dx
	mov $'>', %al
	mov $0x3f8, %dx
	out %al, %dx
	sti
sleep:
	hlt
	jmp sleep

# Gate %edi = interrupt gate to %eax.
set_gate:
	mov %ax, idt(,%edi,8)
	movw $8, idt+2(,%edi,8)
	movw $0x8e00, idt+4(,%edi,8)
	shr $16, %eax
	mov %ax, idt+6(,%edi,8)
	ret

timer_interrupt:
	push %eax
	incl ticks
	mov $0x20, %al
	out %al, $0x20
	pop %eax
	iret

serial_interrupt:
	push %eax
	push %edx
more:
	mov $0x3fd, %dx
	in %dx, %al
	test $1, %al
	jz none
	mov $0x3f8, %dx
	in %dx, %al
	out %al, %dx
	cmp $'q', %al
	jne more
	mov $0x604, %dx
	mov $0x2000, %ax
	out %ax, %dx
none:
	mov $0x20, %al
	out %al, $0x20
	pop %edx
	pop %eax
	iret

	.section .rodata
	.align 8
gdt:
	.quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
	.word 23
	.long gdt
idt_pointer:
	.word 0x30 * 8 - 1
	.long idt
	.bss
	.align 16
idt:
	.skip 0x30 * 8
	.globl ticks
ticks:
	.skip 4
	.align 16
	.skip 4096
stack_top:
