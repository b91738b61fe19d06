/* Shared declarations of the demo kernel: a tour of what a small IA-32 kernel does, made to be debugged. */
#ifndef KERNEL_H
#define KERNEL_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

/* The kernel is linked here and loaded 3 GiB lower; see link.ld. */
#define KERNEL_BASE 0xc0000000u
#define PAGE_SIZE 4096u

/* What a multiboot 1 loader leaves in EAX. */
#define MULTIBOOT_LOADER_MAGIC 0x2badb002u

/* Selectors of the descriptor table that descriptors.c builds. */
#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define USER_CODE 0x1b
#define USER_DATA 0x23
#define TASK_STATE 0x28

/* The two 8259s are moved out of the way of the exceptions. */
#define FIRST_IRQ_VECTOR 32
#define SYSTEM_CALL_VECTOR 0x80

enum system_call { CALL_EXIT = 1, CALL_TICKS = 3, CALL_WRITE = 4 };

/* Registers as entry.S pushes them, lowest address first. */
struct trap_frame {
    u32 gs, fs, es, ds;
    u32 edi, esi, ebp, esp_at_push, ebx, edx, ecx, eax;
    u32 vector, error_code;
    u32 eip, cs, eflags;
    u32 user_esp, user_ss; /* only when the trap came from ring 3 */
};

static inline void port_write8(u16 port, u8 value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void port_write16(u16 port, u16 value) {
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline u8 port_read8(u16 port) {
    u8 value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/* console.c */
void console_init(void);
void console_write(const char *text, u32 length);
void print(const char *text);
void print_hex(u32 value);
void print_decimal(u32 value);

/* paging.c */
extern u32 kernel_directory[1024];
void paging_init(void);
void map_page(u32 linear, u32 physical, u32 flags);
void page_fault(struct trap_frame *frame);
extern u32 pages_on_demand;

/* descriptors.c */
void descriptors_init(void);
void interrupt_gate(u32 vector, void (*handler)(void), u32 privilege);

/* interrupts.c */
void interrupts_init(void);
void trap_dispatch(struct trap_frame *frame);
void panic(const char *reason, struct trap_frame *frame);

/* timer.c */
void timer_init(u32 hertz);
void timer_interrupt(void);
void timer_wait(u32 count);
extern volatile u32 ticks;

/* system-calls.c */
void syscall_dispatch(struct trap_frame *frame);

/* entry.S */
extern void (*const trap_stubs[48])(void);
void system_call_stub(void);
u32 enter_user_mode(u32 eip, u32 esp);
void leave_user_mode(u32 status) __attribute__((noreturn));
void load_descriptor_tables(const void *gdt, const void *idt);

/* user.c, in ring 3 */
void user_main(void);

#endif
