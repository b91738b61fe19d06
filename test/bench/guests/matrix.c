/* Integer: products of 160 x 160 matrices. */
#include "support.h"
const char workload_name[] = "matrix";
const u32 workload_rounds = 12;
#define N 160

u32 workload_run(u32 rounds) {
  u32(*a)[N] = (void *)ARENA, (*b)[N] = (void *)(ARENA + 0x40000), (*c)[N] = (void *)(ARENA + 0x80000);
  u32 state = 3, sum = 0;
  for (u32 i = 0; i < N; i++)
    for (u32 j = 0; j < N; j++) {
      a[i][j] = next_random(&state);
      b[i][j] = next_random(&state);
    }
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < N; i++)
      for (u32 j = 0; j < N; j++) {
        u32 dot = 0;
        for (u32 k = 0; k < N; k++) dot += a[i][k] * b[k][j];
        c[i][j] = dot;
      }
    for (u32 i = 0; i < N; i++) a[i][i] += sum += c[i][N - 1 - i];
  }
  return sum;
}
