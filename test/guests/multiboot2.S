# A multiboot 2 kernel that tells port E9h what it was given: the loader's magic in EAX, then of each tag the type,
# and of the command line and module tags their text.
    .section .multiboot, "a"
    .align 8
header:
    .long 0xe85250d6, 0, header_end - header, -(0xe85250d6 + (header_end - header))
    .align 8
    .short 1, 0                 # information that must be there: memory map, modules
    .long 16, 6, 3
    .align 8
    .short 6, 0                 # modules on pages
    .long 8
    .align 8
    .short 99, 1                # unknown, but may be ignored
    .long 8
    .align 8
    .short 0, 0
    .long 8
header_end:

    .text
    .globl _start
_start:
    mov $0x7c00, %esp
    mov %eax, %ecx
    mov $4, %edx
magic:
    mov %cl, %al
    out %al, $0xe9
    shr $8, %ecx
    dec %edx
    jnz magic
    lea 8(%ebx), %esi
next:
    mov (%esi), %eax
    out %al, $0xe9
    test %eax, %eax
    jz done
    lea 8(%esi), %edi
    cmp $1, %eax
    je text
    lea 16(%esi), %edi
    cmp $3, %eax
    jne behind
text:
    mov (%edi), %al
    out %al, $0xe9
    inc %edi
    test %al, %al
    jnz text
behind:
    mov 4(%esi), %eax
    add $7, %eax
    and $~7, %eax
    add %eax, %esi
    jmp next
done:
    mov $0xf4, %edx
    out %al, %dx
    hlt
