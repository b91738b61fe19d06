/* The demo kernel's story from top to bottom. A breakpoint on any function below is a good start. */
#include "kernel.h"

#define TIMER_HERTZ 1000
#define TICKS_TO_SEE 20
#define USER_STACK_TOP 0x00c00000u

static void banner(u32 magic) {
    print("Trapgate demo kernel\n");
    print("multiboot: ");
    print(magic == MULTIBOOT_LOADER_MAGIC ? "started by a boot loader\n" : "wrong magic number\n");
}

static void show_address(const char *what, u32 address) {
    print(what);
    print_hex(address);
    print("\n");
}

static void count_ticks(u32 wanted) {
    u32 before = ticks;
    timer_wait(wanted);
    u32 seen = ticks - before;
    print("timer: ");
    print_decimal(seen >= wanted ? wanted : seen);
    print(" ticks, sleeping in between\n");
}

static u32 run_user_program(void) {
    print("user: entering ring 3\n");
    u32 status = enter_user_mode((u32)user_main, USER_STACK_TOP);
    print("user: exited with status ");
    print_decimal(status);
    print("\n");
    return status;
}

/* ACPI soft-off as PC machines of virtual machine monitors offer it: SLP_EN in PM1a control. */
static void power_off(void) {
    port_write16(0x604, 0x2000);
    for (;;) __asm__ volatile("cli; hlt");
}

void kmain(u32 magic, u32 information) {
    console_init();
    banner(magic);
    (void)information;
    paging_init();
    show_address("paging: kmain runs at ", (u32)kmain);
    descriptors_init();
    interrupts_init();
    print("descriptors: GDT, IDT and TSS are our own\n");
    timer_init(TIMER_HERTZ);
    __asm__ volatile("sti");
    count_ticks(TICKS_TO_SEE);
    u32 status = run_user_program();
    print("memory: pages given on demand: ");
    print_decimal(pages_on_demand);
    print("\n");
    print(status == 42 ? "All done, powering off.\n" : "The user program failed.\n");
    power_off();
}
