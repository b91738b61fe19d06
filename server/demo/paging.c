/* Two-level paging: the user program's pages, and more of them when it touches what is not there yet. */
#include "kernel.h"

#define PAGE_PRESENT 1u
#define PAGE_WRITABLE 2u
#define PAGE_USER 4u

#define DEMAND_START 0x00500000u
#define DEMAND_END 0x00c00000u /* the user stack grows down from here */
#define SPARE_PAGES 16

extern const char user_image_physical[], user_image_size[];

u32 kernel_directory[1024] __attribute__((aligned(4096)));
u32 pages_on_demand;

/* Tables for 4-8 MiB and 8-12 MiB, and the pages that are handed out. */
static u32 user_tables[2][1024] __attribute__((aligned(4096)));
static u8 spare_pages[SPARE_PAGES][PAGE_SIZE] __attribute__((aligned(4096)));
static u32 spare_used;

static u32 physical_of(const void *kernel_address) {
    return (u32)kernel_address - KERNEL_BASE;
}

static void invalidate_page(u32 linear) {
    __asm__ volatile("invlpg (%0)" : : "r"(linear) : "memory");
}

void map_page(u32 linear, u32 physical, u32 flags) {
    u32 *table = user_tables[(linear >> 22) - 1];
    table[(linear >> 12) & 1023] = physical | flags | PAGE_PRESENT;
    invalidate_page(linear);
}

static void map_user_program(void) {
    u32 size = (u32)user_image_size;
    for (u32 offset = 0; offset < size; offset += PAGE_SIZE) {
        map_page((u32)0x00400000 + offset, (u32)user_image_physical + offset, PAGE_USER | PAGE_WRITABLE);
    }
}

void paging_init(void) {
    kernel_directory[0] = 0; /* the identity mapping has done its work */
    for (u32 i = 0; i < 2; i++) {
        kernel_directory[1 + i] = physical_of(user_tables[i]) | PAGE_PRESENT | PAGE_WRITABLE | PAGE_USER;
    }
    u32 directory = physical_of(kernel_directory);
    __asm__ volatile("mov %0, %%cr3" : : "r"(directory) : "memory");
    map_user_program();
}

/* A page of the user program's that is not there yet comes from the spare ones; all else is a bug. */
void page_fault(struct trap_frame *frame) {
    u32 address;
    __asm__ volatile("mov %%cr2, %0" : "=r"(address));
    int absent = (frame->error_code & PAGE_PRESENT) == 0;
    if (!absent || address < DEMAND_START || address >= DEMAND_END || spare_used == SPARE_PAGES) {
        panic("page fault", frame);
        return;
    }
    map_page(address & ~(PAGE_SIZE - 1), physical_of(spare_pages[spare_used++]), PAGE_USER | PAGE_WRITABLE);
    pages_on_demand++;
}
