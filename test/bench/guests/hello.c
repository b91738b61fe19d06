/* Nothing but the first line: what it costs to get there. */
#include "support.h"
const char workload_name[] = "hello";
const u32 workload_rounds = 1;
u32 workload_run(u32 rounds) { return rounds; }
