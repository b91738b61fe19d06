# conditions.S in real mode at 07C0:0000, with a stack segment elsewhere and an ESP whose upper half is of no
# meaning: what a debugger shows as pc and sp are sums that the registers do not hold.
.code16
.globl _start, here, after
_start:
    ljmp $0x7c0, $(start - _start)
start:
    cli
    xor %ax, %ax
    mov %ax, %ds
    mov $0x1230, %ax
    mov %ax, %ss
    mov $0x01234567, %eax
    mov $0x600, %esi
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
    mov %ebx, %esp
here:
    nop
after:
    nop
    jmp again
.org 510
    .word 0xaa55
