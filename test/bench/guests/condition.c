/* A small function called for ever: where a debugger stops, or decides not to. */
#include "support.h"
const char workload_name[] = "condition";
const u32 workload_rounds = 4000000000u;

volatile u32 calls;
__attribute__((noinline, noclone)) void watched(u32 x) { calls += x; }

u32 workload_run(u32 rounds) {
    for (u32 i = 0; i < rounds; i++) {
        watched(1);
        __asm__ volatile("" ::: "memory");
    }
    return calls;
}
