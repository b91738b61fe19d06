/* Memory: REP MOVS and STOS, and the same by loop. */
#include "support.h"
const char workload_name[] = "copy";
const u32 workload_rounds = 60;

u32 workload_run(u32 rounds) {
  u32 *from = (u32 *)ARENA, *to = (u32 *)(ARENA + 0x180440), state = 11, sum = 0, words = 0x40000;
  for (u32 i = 0; i < words; i++) from[i] = next_random(&state);
  for (u32 round = 0; round < rounds; round++) {
    void *s = from, *d = to;
    u32 n = words;
    __asm__ volatile("rep movsl" : "+S"(s), "+D"(d), "+c"(n)::"memory");
    for (u32 i = 0; i < words; i++) sum += to[i] ^ i;
    d = to;
    n = words / 2;
    __asm__ volatile("rep stosl" : "+D"(d), "+c"(n) : "a"(sum) : "memory");
    for (u32 i = 0; i < words; i++) from[i] = to[words - 1 - i] + round;
  }
  return sum;
}
