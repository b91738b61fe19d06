# A boot sector that goes everywhere: CS=0, CS=07C0h, INT 10h and 13h, protected mode, 16-bit protected mode,
# back to real mode, and unreal mode, where FS keeps a limit of 4 GiB.
.code16
.globl _start
_start:
    ljmp $0x7c0, $(away - _start)
away:
    cli
    xor %bx, %bx
    mov %bx, %ss
    mov $0x7000, %sp
    mov $0x7c0, %bx
    mov %bx, %ds
    mov $0x0e41, %ax
print:
    int $0x10
    mov $0x0201, %ax                # read one sector, the second, to 0:8000
    mov $0x0002, %cx
    xor %dh, %dh
    mov $0x800, %bx
    mov %bx, %es
    xor %bx, %bx
read:
    int $0x13
    jc failed
    lgdt gdtr - _start
    mov %cr0, %eax
    or $1, %al
    mov %eax, %cr0
    ljmpl $0x08, $(protected - _start + 0x7c00)
.code32
protected:
    mov $0x10, %ax
    mov %ax, %fs
    mov $0x12345678, %ecx
    ljmpl $0x18, $(narrow - _start)
.code16
narrow:
    mov $0x20, %ax
    mov %ax, %ds
    mov %cr0, %eax
    and $~1, %al
    mov %eax, %cr0
    pushw $0x7c0
    pushw $(real - _start)
    lret
real:
    mov $0x7c0, %ax
    mov %ax, %ds
    mov $0x200000, %esi
unreal:
    movl $0xcafe, %fs:(%esi)
    mov %fs:(%esi), %edx
failed:
    call say
    mov $0xf4, %dx
    out %al, %dx
    hlt
say:
    push %bp
    mov %sp, %bp
    mov $0x0e42, %ax
    int $0x10
    pop %bp
    ret
    .balign 8
gdt:
    .quad 0
    .quad 0x00cf9a000000ffff
    .quad 0x00cf92000000ffff
    .quad 0x00009a007c00ffff
    .quad 0x000092007c00ffff
gdtr:
    .word . - gdt - 1
    .long 0x7c00 + gdt - _start
.org 510
    .word 0xaa55
