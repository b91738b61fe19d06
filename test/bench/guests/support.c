/* See support.h. The protocol: `START name`, `BENCH name rounds checksum ticks`, `DONE`, then port F4h. */
#include "support.h"

#define COM1 0x3f8

/* Tests run a part of a benchmark's rounds. */
#ifndef DIVISOR
#define DIVISOR 1
#endif

static void put(char c) {
  while (!(in8(COM1 + 5) & 0x20))
    ;
  out8(COM1, c);
}

void print(const char *text) {
  while (*text) put(*text++);
}

void print_hex(u32 value) {
  for (int shift = 28; shift >= 0; shift -= 4) put("0123456789abcdef"[(value >> shift) & 15]);
}

/* gcc calls these for structures and array initialisers. */
void *memset(void *to, int value, u32 length) {
  u8 *at = to;
  while (length--) *at++ = value;
  return to;
}
void *memcpy(void *to, const void *from, u32 length) {
  u8 *at = to;
  const u8 *source = from;
  while (length--) *at++ = *source++;
  return to;
}

static void finish(void) {
  print("DONE\n");
  /* Time for the runner to read our clock: a process that has ended has none. */
  for (u32 i = 0; i < 100000000 / DIVISOR; i++) __asm__ volatile("");
  out8(0xf4, 0);
  for (;;) __asm__ volatile("cli; hlt");
}

void on_unexpected(void) {
  print("UNEXPECTED INTERRUPT\n");
  finish();
}

__attribute__((weak)) void on_page_fault(u32 address) {
  print("UNEXPECTED FAULT AT ");
  print_hex(address);
  print("\n");
  finish();
}

__attribute__((weak)) u32 on_service(u32 value) { return value; }

extern void unexpected_entry(void), load_tables(void *);
extern u64 descriptors[];
extern u8 ring0_stack[];
static u64 gates[256];
static u32 task_state[26];

void set_gate(int vector, void (*entry)(void), int user) {
  u32 address = (u32)entry;
  u32 type = user ? 0xee00 : 0x8e00;
  gates[vector] = ((u64)((address & 0xffff0000u) | type) << 32) | (8u << 16) | (address & 0xffff);
}

u32 identity_map(u32 at, u32 megabytes, u32 flags) {
  u32 *directory = (u32 *)at;
  u32 *entry = (u32 *)(at + 4096);
  for (u32 i = 0; i < 1024; i++) directory[i] = 0;
  for (u32 i = 0; i < megabytes / 4; i++) directory[i] = (u32)(entry + 1024 * i) | flags;
  for (u32 page = 0; page < megabytes * 256; page++) entry[page] = page << 12 | flags;
  return at;
}

static void prepare_tables(void) {
  static struct {
    u16 limit;
    u32 base;
  } __attribute__((packed)) gate_register;
  u32 base = (u32)task_state;
  for (int vector = 0; vector < 256; vector++) set_gate(vector, unexpected_entry, 0);
  task_state[1] = (u32)ring0_stack;
  task_state[2] = 16;
  task_state[25] = 104u << 16;
  descriptors[5] = ((u64)((base & 0xff000000u) | 0x8900 | ((base >> 16) & 0xff)) << 32) | (base << 16) | 103;
  gate_register.limit = sizeof gates - 1;
  gate_register.base = (u32)gates;
  load_tables(&gate_register);
}

static u64 ticks(void) {
  u64 value;
  __asm__ volatile("rdtsc" : "=A"(value));
  return value;
}

void guest_main(void) {
  out8(COM1 + 1, 0);
  out8(COM1 + 3, 3);
  out8(0x21, 0xff);
  out8(0xa1, 0xff);
  prepare_tables();
  print("START ");
  print(workload_name);
  print("\n");
  u32 rounds = workload_rounds / DIVISOR > 0 ? workload_rounds / DIVISOR : 1;
  u64 start = ticks();
  u32 sum = workload_run(rounds);
  u64 spent = ticks() - start;
  print("BENCH ");
  print(workload_name);
  print(" ");
  print_hex(rounds);
  print(" ");
  print_hex(sum);
  print(" ");
  print_hex(spent >> 32);
  print_hex(spent);
  print("\n");
  finish();
}
