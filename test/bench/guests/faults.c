/* Page faults: pages are mapped on first touch, then unmapped again. */
#include "support.h"
const char workload_name[] = "faults";
const u32 workload_rounds = 40;
#define WINDOW 0x08000000u
#define WINDOW_PAGES 4096u
static u32 taken;

void on_page_fault(u32 address) {
  u32 page = (address - WINDOW) >> 12;
  u32 *entry = (u32 *)(PAGES + 0x40000) + page;
  *entry = (0x01000000 + (page << 12)) | PAGE_PRESENT | PAGE_WRITE;
  taken++;
}

u32 workload_run(u32 rounds) {
  u32 *directory = (u32 *)identity_map(PAGES, 64, PAGE_PRESENT | PAGE_WRITE);
  u32 *entries = (u32 *)(PAGES + 0x40000), sum = 0;
  for (u32 i = 0; i < WINDOW_PAGES; i++) entries[i] = 0;
  for (u32 i = 0; i < WINDOW_PAGES / 1024; i++)
    directory[(WINDOW >> 22) + i] = (u32)(entries + 1024 * i) | PAGE_PRESENT | PAGE_WRITE;
  set_gate(14, fault_entry, 0);
  paging_on((u32)directory);
  for (u32 round = 0; round < rounds; round++) {
    for (u32 page = 0; page < WINDOW_PAGES; page++) *(volatile u32 *)(WINDOW + (page << 12)) = page + round;
    for (u32 page = 0; page < WINDOW_PAGES; page++) {
      sum += *(volatile u32 *)(WINDOW + (page << 12));
      entries[page] = 0;
      __asm__ volatile("invlpg (%0)" ::"r"(WINDOW + (page << 12)) : "memory");
    }
  }
  return sum ^ taken;
}
