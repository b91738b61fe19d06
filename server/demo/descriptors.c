/* Segments, interrupt gates and the task state segment whose only use is the ring-0 stack (SDM vol. 3, 3 and 6). */
#include "kernel.h"

struct __attribute__((packed)) table_pointer {
    u16 limit;
    u32 base;
};

struct task_state {
    u32 back_link, esp0, ss0;
    u32 unused[22];
    u16 trap, io_map_base;
};

struct gate {
    u16 offset_low, selector;
    u8 zero, access;
    u16 offset_high;
};

static struct { u32 low, high; } gdt[6];
static struct gate idt[256];
static struct task_state task;
static u8 interrupt_stack[8192] __attribute__((aligned(16)));

static void descriptor(u32 index, u32 base, u32 limit, u32 access, u32 flags) {
    gdt[index].low = (base << 16) | (limit & 0xffff);
    gdt[index].high = (base & 0xff000000) | (flags << 20) | (limit & 0xf0000) | (access << 8) | ((base >> 16) & 0xff);
}

void interrupt_gate(u32 vector, void (*handler)(void), u32 privilege) {
    u32 offset = (u32)handler;
    idt[vector].offset_low = (u16)offset;
    idt[vector].offset_high = (u16)(offset >> 16);
    idt[vector].selector = KERNEL_CODE;
    idt[vector].access = (u8)(0x8e | (privilege << 5)); /* present, 32-bit interrupt gate */
}

void descriptors_init(void) {
    descriptor(KERNEL_CODE >> 3, 0, 0xfffff, 0x9a, 0xc);
    descriptor(KERNEL_DATA >> 3, 0, 0xfffff, 0x92, 0xc);
    descriptor(USER_CODE >> 3, 0, 0xfffff, 0xfa, 0xc);
    descriptor(USER_DATA >> 3, 0, 0xfffff, 0xf2, 0xc);
    descriptor(TASK_STATE >> 3, (u32)&task, sizeof task - 1, 0x89, 0);
    task.ss0 = KERNEL_DATA;
    task.esp0 = (u32)interrupt_stack + sizeof interrupt_stack;
    task.io_map_base = sizeof task; /* no port for ring 3 */
    struct table_pointer gdt_pointer = { sizeof gdt - 1, (u32)gdt };
    struct table_pointer idt_pointer = { sizeof idt - 1, (u32)idt };
    load_descriptor_tables(&gdt_pointer, &idt_pointer);
    __asm__ volatile("ltr %w0" : : "r"(TASK_STATE));
}
