/* What every benchmark guest has: a console, interrupt gates, paging, and the timing protocol on COM1. */
#ifndef SUPPORT_H
#define SUPPORT_H
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

/* Free RAM: 64 MiB from 16 MiB on. */
#define ARENA ((u8 *)0x01000000)
/* Page directory and tables of the guests that page. */
#define PAGES 0x00800000u
#define PAGE_PRESENT 1u
#define PAGE_WRITE 2u
#define PAGE_USER 4u

/* Each workload defines these. `run` answers a checksum that must not depend on who executes it. */
extern const char workload_name[];
extern const u32 workload_rounds;
u32 workload_run(u32 rounds);

static inline void out8(u16 port, u8 value) { __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
static inline u8 in8(u16 port) {
  u8 value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
static inline u32 next_random(u32 *state) {
  u32 x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

void print(const char *text);
void print_hex(u32 value);
/* Sends interrupt `vector` to `entry`; ring 3 may use it when `user`. */
void set_gate(int vector, void (*entry)(void), int user);
/* Identity-maps `megabytes` (a multiple of 4) with 4 KiB pages and answers the directory; uses RAM from `at`. */
u32 identity_map(u32 at, u32 megabytes, u32 flags);
void paging_on(u32 directory);
void load_directory(u32 directory);
/* Runs user_entry(argument) in ring 3 until it executes INT 81h; answers its EAX. */
u32 enter_user(u32 argument);
void prepare_user(void);

extern void fault_entry(void), service_entry(void), user_end_entry(void);
#endif
