/* Multiboot header, flat segments, and the assembly ends of faults, system calls and ring 3. */
    .section .multiboot, "a"
    .align 4
    .long 0x1badb002, 3, -(0x1badb002 + 3)

    .section .bss
    .align 16
    .skip 0x10000
boot_stack:
    .skip 0x4000
    .globl ring0_stack
ring0_stack:
    .skip 0x4000
user_stack:

    .text
    .globl _start
_start:
    cli
    mov $boot_stack, %esp
    lgdt table_register
    ljmp $8, $reload
reload:
    mov $16, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %eax, %fs
    mov %eax, %gs
    call guest_main
hang:
    cli
    hlt
    jmp hang

    .globl paging_on
paging_on:
    mov 4(%esp), %eax
    mov %eax, %cr3
    mov %cr0, %eax
    or $0x80010000, %eax
    mov %eax, %cr0
    ret

    .globl load_directory
load_directory:
    mov 4(%esp), %eax
    mov %eax, %cr3
    ret

    .globl load_tables
load_tables:
    mov 4(%esp), %eax
    lidt (%eax)
    mov $0x28, %eax
    ltr %ax
    ret

    .globl fault_entry
fault_entry:
    pusha
    mov %cr2, %eax
    push %eax
    call on_page_fault
    add $4, %esp
    popa
    add $4, %esp
    iret

    .globl service_entry
service_entry:
    push %ecx
    push %edx
    push %ds
    mov $16, %edx
    mov %edx, %ds
    push %eax
    call on_service
    add $4, %esp
    pop %ds
    pop %edx
    pop %ecx
    iret

    .globl unexpected_entry
unexpected_entry:
    call on_unexpected

    .globl enter_user
enter_user:
    push %ebx
    push %esi
    push %edi
    push %ebp
    mov 20(%esp), %eax
    mov %esp, kernel_stack
    mov $0x23, %ecx
    mov %ecx, %ds
    mov %ecx, %es
    push $0x23
    push $user_stack - 16
    push $2
    push $0x1b
    push $user_entry
    iret
    .globl user_end_entry
user_end_entry:
    mov $16, %ecx
    mov %ecx, %ds
    mov %ecx, %es
    mov kernel_stack, %esp
    pop %ebp
    pop %edi
    pop %esi
    pop %ebx
    ret

/* EAX calls of service 80h, summed. */
user_entry:
    mov %eax, %esi
    xor %ebx, %ebx
1:  mov %esi, %eax
    int $0x80
    add %eax, %ebx
    dec %esi
    jnz 1b
    mov %ebx, %eax
    int $0x81

    .data
    .align 8
    .globl descriptors
descriptors:
    .quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff, 0x00cffa000000ffff, 0x00cff2000000ffff, 0
table_register:
    .word . - descriptors - 1
    .long descriptors
    .align 4
kernel_stack:
    .long 0
    .section .note.GNU-stack, "", @progbits
