/*
 * From the boot loader to C: the loader leaves us in flat protected mode at 1 MiB, paging off. One page
 * table maps the first 4 MiB twice, at 0 (where EIP is) and at C0000000h (where the kernel is linked).
 */
	.set KERNEL_BASE, 0xc0000000
	.set PAGE_PRESENT_WRITABLE, 3
	.set CR0_PG_WP, 0x80010000
	.set HEADER_MAGIC, 0x1badb002
	.set HEADER_FLAGS, 3			/* modules on pages; memory sizes */

	.section .multiboot, "a"
	.align 4
	.long HEADER_MAGIC, HEADER_FLAGS, -(HEADER_MAGIC + HEADER_FLAGS)

	.section .boot.text, "ax"
	.globl _start
	.type _start, @function
_start:
	cld
	mov %eax, %esi				/* the loader's magic number */

	mov $(boot_page_table - KERNEL_BASE), %edi
	mov $PAGE_PRESENT_WRITABLE, %eax
	mov $1024, %ecx
fill_page_table:
	stosl
	add $4096, %eax
	loop fill_page_table

	mov $(kernel_directory - KERNEL_BASE), %edi
	mov $(boot_page_table - KERNEL_BASE + PAGE_PRESENT_WRITABLE), %eax
	mov %eax, (%edi)
	mov %eax, (KERNEL_BASE >> 20)(%edi)	/* entry 768, four bytes each */
	mov %edi, %cr3
	mov %cr0, %eax
	or $CR0_PG_WP, %eax
	mov %eax, %cr0				/* paging is on from here */
	mov $high_half, %eax
	jmp *%eax
	.size _start, . - _start

	.text
	.type high_half, @function
high_half:
	mov $boot_stack_top, %esp
	xor %ebp, %ebp				/* the end of every backtrace */
	push %ebx				/* multiboot information */
	push %esi
	call kmain
stop:
	cli
	hlt
	jmp stop
	.size high_half, . - high_half

	.bss
	.align 4096
boot_page_table:
	.skip 4096
boot_stack:
	.skip 8192
	.globl boot_stack_top
boot_stack_top:
