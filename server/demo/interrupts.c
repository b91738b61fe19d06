/* Everything that interrupts: exceptions, the two 8259 interrupt controllers, system calls. */
#include "kernel.h"

#define PIC_MASTER 0x20
#define PIC_SLAVE 0xa0
#define END_OF_INTERRUPT 0x20
#define PAGE_FAULT 14
#define IRQ_TIMER 0

/* 8259A datasheet: ICW1 (edge, cascade, ICW4), vectors, wiring, 8086 mode; then the mask. */
static void pic_remap(u8 first_vector, u16 mask) {
    port_write8(PIC_MASTER, 0x11);
    port_write8(PIC_SLAVE, 0x11);
    port_write8(PIC_MASTER + 1, first_vector);
    port_write8(PIC_SLAVE + 1, (u8)(first_vector + 8));
    port_write8(PIC_MASTER + 1, 1 << 2);
    port_write8(PIC_SLAVE + 1, 2);
    port_write8(PIC_MASTER + 1, 1);
    port_write8(PIC_SLAVE + 1, 1);
    port_write8(PIC_MASTER + 1, (u8)mask);
    port_write8(PIC_SLAVE + 1, (u8)(mask >> 8));
}

static void acknowledge(u32 irq) {
    if (irq >= 8) port_write8(PIC_SLAVE, END_OF_INTERRUPT);
    port_write8(PIC_MASTER, END_OF_INTERRUPT);
}

void interrupts_init(void) {
    for (u32 vector = 0; vector < 48; vector++) interrupt_gate(vector, trap_stubs[vector], 0);
    interrupt_gate(SYSTEM_CALL_VECTOR, system_call_stub, 3);
    pic_remap(FIRST_IRQ_VECTOR, (u16)~(1 << IRQ_TIMER));
}

void panic(const char *reason, struct trap_frame *frame) {
    print("panic: ");
    print(reason);
    print(", vector ");
    print_decimal(frame->vector);
    print(", error code ");
    print_hex(frame->error_code);
    print(", eip ");
    print_hex(frame->eip);
    print("\n");
    port_write8(0xf4, 1);
    for (;;) __asm__ volatile("cli; hlt");
}

void trap_dispatch(struct trap_frame *frame) {
    if (frame->vector == PAGE_FAULT) {
        page_fault(frame);
    } else if (frame->vector == FIRST_IRQ_VECTOR + IRQ_TIMER) {
        timer_interrupt();
        acknowledge(IRQ_TIMER);
    } else if (frame->vector == SYSTEM_CALL_VECTOR) {
        syscall_dispatch(frame);
    } else if (frame->vector >= FIRST_IRQ_VECTOR) {
        acknowledge(frame->vector - FIRST_IRQ_VECTOR);
    } else {
        panic("exception", frame);
    }
}
