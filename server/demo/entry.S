/*
 * Doors between the processor and C: one stub a vector, the way into ring 3 and back out of it.
 */
	.set KERNEL_CODE, 0x08
	.set KERNEL_DATA, 0x10
	.set USER_CODE, 0x1b
	.set USER_DATA, 0x23
	.set EFLAGS_IF, 0x200

	.text

/* The processor pushes an error code for some vectors only (SDM vol. 3, table 6-1); the rest get a 0. */
	.macro stub vector
	.if \vector != 8 && (\vector < 10 || \vector > 14) && \vector != 17
	push $0
	.endif
	push $\vector
	jmp trap_common
	.endm

	.altmacro
	.macro named_stub vector
stub_\vector:
	stub \vector
	.endm
	.set i, 0
	.rept 48
	named_stub %i
	.set i, i + 1
	.endr

	.globl system_call_stub
system_call_stub:
	push $0
	push $0x80
	jmp trap_common

	.type trap_common, @function
trap_common:
	pusha
	push %ds
	push %es
	push %fs
	push %gs
	mov $KERNEL_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	cld
	push %esp				/* struct trap_frame * */
	call trap_dispatch
	add $4, %esp
	pop %gs
	pop %fs
	pop %es
	pop %ds
	popa
	add $8, %esp				/* vector, error code */
	iret
	.size trap_common, . - trap_common

/* u32 enter_user_mode(u32 eip, u32 esp): returns when the program makes its exit call. */
	.globl enter_user_mode
	.type enter_user_mode, @function
enter_user_mode:
	push %ebp
	mov %esp, %ebp
	push %ebx
	push %esi
	push %edi
	mov %esp, resume_stack
	mov 8(%ebp), %ecx
	mov 12(%ebp), %edx
	mov $USER_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %fs
	mov %eax, %gs
	push %eax				/* SS */
	push %edx				/* ESP */
	pushf
	orl $EFLAGS_IF, (%esp)
	push $USER_CODE
	push %ecx				/* EIP */
	xor %ebp, %ebp
	iret
	.size enter_user_mode, . - enter_user_mode

/* void leave_user_mode(u32 status): throws the ring-3 context away; enter_user_mode returns `status`. */
	.globl leave_user_mode
	.type leave_user_mode, @function
leave_user_mode:
	mov 4(%esp), %eax
	mov resume_stack, %esp
	pop %edi
	pop %esi
	pop %ebx
	pop %ebp
	ret
	.size leave_user_mode, . - leave_user_mode

/* void load_descriptor_tables(const void *gdt, const void *idt): six-byte operands of LGDT and LIDT. */
	.globl load_descriptor_tables
	.type load_descriptor_tables, @function
load_descriptor_tables:
	mov 4(%esp), %eax
	lgdt (%eax)
	mov 8(%esp), %eax
	lidt (%eax)
	mov $KERNEL_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %fs
	mov %eax, %gs
	mov %eax, %ss
	ljmp $KERNEL_CODE, $reloaded
reloaded:
	ret
	.size load_descriptor_tables, . - load_descriptor_tables

	.section .rodata
	.globl trap_stubs
	.align 4
trap_stubs:
	.macro stub_address vector
	.long stub_\vector
	.endm
	.set i, 0
	.rept 48
	stub_address %i
	.set i, i + 1
	.endr

	.bss
	.align 4
resume_stack:
	.skip 4
