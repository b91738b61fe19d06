/* Integer and branches: heap sort of half a million random words. */
#include "support.h"
const char workload_name[] = "sort";
const u32 workload_rounds = 3;

static void sift(u32 *heap, u32 root, u32 end) {
  u32 value = heap[root];
  for (u32 child = 2 * root + 1; child < end; child = 2 * root + 1) {
    if (child + 1 < end && heap[child + 1] > heap[child]) child++;
    if (heap[child] <= value) break;
    heap[root] = heap[child];
    root = child;
  }
  heap[root] = value;
}

u32 workload_run(u32 rounds) {
  u32 *heap = (u32 *)ARENA, count = 500000, state = 7, sum = 0;
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < count; i++) heap[i] = next_random(&state);
    for (u32 i = count / 2; i-- > 0;) sift(heap, i, count);
    for (u32 end = count - 1; end > 0; end--) {
      u32 top = heap[0];
      heap[0] = heap[end];
      heap[end] = top;
      sift(heap, 0, end);
    }
    for (u32 i = 1; i < count; i++) sum = sum * 3 + (heap[i - 1] <= heap[i]) + (i % 1000 == 0 ? heap[i] : 0);
  }
  return sum;
}
