/* System calls: INT 80h from ring 3 and IRET back. */
#include "support.h"
const char workload_name[] = "services";
const u32 workload_rounds = 300000;

u32 on_service(u32 value) { return value * 2654435761u >> 7; }

u32 workload_run(u32 rounds) {
  set_gate(0x80, service_entry, 1);
  set_gate(0x81, user_end_entry, 1);
  return enter_user(rounds);
}
