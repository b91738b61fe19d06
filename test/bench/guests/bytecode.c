/* Branches: a small stack machine whose dispatch is an indirect jump. */
#include "support.h"
const char workload_name[] = "bytecode";
const u32 workload_rounds = 3000000;
enum { PUSH, ADD, XOR, ROTATE, SWAP, LOOP, END };

u32 workload_run(u32 rounds) {
  static const u8 program[] = {PUSH, 17, ADD, ROTATE, PUSH, 91, XOR, SWAP, ADD, PUSH, 5, SWAP, ROTATE, ADD, LOOP, END};
  u32 stack[8] = {1, 2}, *top = stack + 1, left = rounds, t;
  const u8 *at = program;
  for (;;) {
    switch (*at++) {
      case PUSH: *++top = *at++; break;
      case ADD: top--; *top += top[1]; *top ^= left; break;
      case XOR: top--; *top ^= top[1]; break;
      case ROTATE: *top = (*top << 7) | (*top >> 25); break;
      case SWAP: t = *top; *top = top[-1]; top[-1] = t; break;
      case LOOP:
        stack[1] = *top;
        top = stack + 1;
        if (--left) at = program;
        break;
      default: return *top;
    }
    if (top < stack + 1) *++top = 9;
  }
}
