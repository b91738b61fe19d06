/* Calls and returns: a recursion with two calls a level. */
#include "support.h"
const char workload_name[] = "calls";
const u32 workload_rounds = 35;

__attribute__((noinline)) static u32 tree(u32 depth) { return depth < 2 ? depth + 1 : tree(depth - 1) + tree(depth - 2); }

u32 workload_run(u32 rounds) { return tree(rounds); }
