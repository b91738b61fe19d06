/* Port I/O: reads and writes of the timer and the UART's scratch register. */
#include "support.h"
const char workload_name[] = "ports";
const u32 workload_rounds = 200000;

u32 workload_run(u32 rounds) {
  u32 sum = 0;
  for (u32 round = 0; round < rounds; round++) {
    out8(0x3ff, round);
    sum += in8(0x3ff);
    out8(0x80, round);
    sum ^= in8(0x3fd) & 0x20;
  }
  return sum;
}
