/* Address spaces: CR3 is switched among eight, some pages are touched in each. */
#include "support.h"
const char workload_name[] = "spaces";
const u32 workload_rounds = 20000;

u32 workload_run(u32 rounds) {
  u32 directory[8], sum = 0;
  for (u32 i = 0; i < 8; i++) directory[i] = identity_map(PAGES + i * 0x20000, 96, PAGE_PRESENT | PAGE_WRITE);
  paging_on(directory[0]);
  for (u32 round = 0; round < rounds; round++) {
    load_directory(directory[round & 7]);
    for (u32 i = 0; i < 16; i++) {
      volatile u32 *word = (u32 *)(ARENA + (i << 14) + ((round & 7) << 12));
      *word += round ^ i;
      sum += *word;
    }
  }
  return sum;
}
