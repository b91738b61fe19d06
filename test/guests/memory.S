# What compilers call in code without a C library: to copy and to fill (System V ABI i386: EDI and ESI are kept).
	.section .text.memory, "ax"
	.globl memcpy, memmove, memset
memcpy:
	push %edi
	push %esi
	mov 12(%esp), %edi
	mov 16(%esp), %esi
	mov 20(%esp), %ecx
	mov %edi, %eax
	rep movsb
	pop %esi
	pop %edi
	ret

memmove:
	mov 4(%esp), %eax
	cmp 8(%esp), %eax
	jbe memcpy
	push %edi
	push %esi
	mov 16(%esp), %esi
	mov 20(%esp), %ecx
	lea -1(%eax,%ecx), %edi
	lea -1(%esi,%ecx), %esi
	std
	rep movsb
	cld
	pop %esi
	pop %edi
	ret

memset:
	push %edi
	mov 8(%esp), %edi
	mov 12(%esp), %eax
	mov 16(%esp), %ecx
	rep stosb
	mov 8(%esp), %eax
	pop %edi
	ret
