/*
 * The boot sector of the demo disk. The kernel's ELF file follows it, sector by sector. It is read to 10000h by
 * INT 13h; in protected mode its segments go to their physical addresses, and the kernel is entered as a
 * multiboot loader would. Everything fits into one sector.
 */
	.set LOAD_ADDRESS, 0x10000
	.set PROTECTED_CODE, 0x08
	.set PROTECTED_DATA, 0x10
	.set LOADER_MAGIC, 0x2badb002
	.set INFO_MEMORY, 1
	.set ELF_ENTRY, 24
	.set ELF_HEADERS, 28
	.set ELF_HEADER_COUNT, 44
	.set HEADER_SIZE, 32
	.set PT_LOAD, 1

	.text
	.code16
	.globl _start
	.type _start, @function
_start:
	ljmp $0, $loader			/* some firmware comes in by 07C0:0000 */

	.type loader, @function
loader:
	cli
	xor %ax, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov $_start, %sp
	sti
	cld
	mov %dl, drive
	mov $loading, %si
	call print

	mov $0x08, %ah				/* geometry: CX and DH have the last of each */
	int $0x13
	jc disk_failed
	and $0x3f, %cx
	mov %cx, sectors
	movzx %dh, %dx
	inc %dx
	mov %dx, heads

	mov $LOAD_ADDRESS >> 4, %ax
	mov %ax, %es
read_next:
	mov next_sector, %ax
	xor %dx, %dx
	divw sectors				/* track, sector */
	mov %dl, %cl
	inc %cl
	xor %dx, %dx
	divw heads				/* cylinder, head */
	mov %al, %ch
	shl $6, %ah
	or %ah, %cl
	mov %dl, %dh
	mov drive, %dl
	xor %bx, %bx
	mov $0x0201, %ax
	int $0x13
	jc disk_failed
	mov %es, %ax
	add $512 >> 4, %ax
	mov %ax, %es
	incw next_sector
	decw kernel_sectors
	jnz read_next

	int $0x12				/* KiB below 640 */
	movzx %ax, %eax
	mov %eax, information + 4
	mov $0x88, %ah				/* KiB above 1 MiB, 63 MiB at most */
	int $0x15
	movzx %ax, %eax
	mov %eax, information + 8
	mov $0x2401, %ax			/* A20 */
	int $0x15
	mov $entering, %si
	call print

	cli
	lgdt table_register
	mov %cr0, %eax
	or $1, %al
	mov %eax, %cr0
	ljmpl $PROTECTED_CODE, $enter_kernel
	.size loader, . - loader

	.type print, @function
print:
	lodsb
	test %al, %al
	jz printed
	mov $0x0e, %ah
	mov $7, %bx
	int $0x10
	jmp print
printed:
	ret
	.size print, . - print

disk_failed:
	mov $failed, %si
	call print
halt:
	hlt
	jmp halt

	.code32
	.type enter_kernel, @function
enter_kernel:
	mov $PROTECTED_DATA, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov $_start, %esp
	mov $LOAD_ADDRESS, %ebp
	mov ELF_HEADERS(%ebp), %ebx
	add %ebp, %ebx
	movzwl ELF_HEADER_COUNT(%ebp), %edx
load_segment:
	cmpl $PT_LOAD, (%ebx)
	jne next_segment
	mov 4(%ebx), %esi			/* offset in the file, physical address, bytes in file and memory */
	add %ebp, %esi
	mov 12(%ebx), %edi
	mov 16(%ebx), %ecx
	rep movsb
	mov 20(%ebx), %ecx
	sub 16(%ebx), %ecx
	xor %eax, %eax
	rep stosb
next_segment:
	add $HEADER_SIZE, %ebx
	dec %edx
	jnz load_segment
	mov $LOADER_MAGIC, %eax
	mov $information, %ebx
	jmp *ELF_ENTRY(%ebp)
	.size enter_kernel, . - enter_kernel

	.balign 8
table:
	.quad 0
	.quad 0x00cf9a000000ffff		/* flat code, flat data */
	.quad 0x00cf92000000ffff
table_register:
	.word . - table - 1
	.long table
	.balign 4
information:
	.long INFO_MEMORY, 0, 0
drive:	.byte 0
	.balign 2
sectors:
	.word 0
heads:	.word 0
next_sector:
	.word 1
loading:
	.asciz "Trapgate demo disk: loading the kernel\r\n"
entering:
	.asciz "Entering protected mode\r\n"
failed:
	.asciz "The disk cannot be read\r\n"

	.org 508
kernel_sectors:					/* filled in by whoever makes the disk */
	.word 0
	.word 0xaa55
