/* What the tests of values at entry look at: arguments in registers that the code soon needs for other things. */
#define REGISTERS __attribute__((noinline, regparm(3)))

volatile int sink;
typedef int __attribute__((regparm(3))) (*operation)(int, int);

struct pair { int first, second; };

/* Nothing of its arguments is left behind the first lines. */
REGISTERS int eater(int a, int b, int c) {
  sink = a;
  sink = b + c;
  a = sink;
  __asm__ volatile("" ::: "eax", "ecx", "edx", "memory");
  sink = 3;
  return sink;
}

REGISTERS int middle(int n, int m) {
  int r = eater(n * 2, m, 7);
  sink = r;
  r += eater(n + m, n, m);
  return r + 1;
}

/* Recursive by calls; each frame has values of its own. */
REGISTERS int deep(int n, int m) {
  sink = m;
  __asm__ volatile("" ::: "eax", "ecx", "edx", "memory");
  if (sink > 2)
    return sink;
  return deep(sink + 1, sink + 1) + sink;
}

/* Recursive by a jump through two functions: what it was called with says nothing. */
REGISTERS int ping(int n, int m);
REGISTERS int pong(int n, int m) {
  sink = n;
  if (sink > 9)
    return m;
  return ping(sink + 1, sink);
}
REGISTERS int ping(int n, int m) {
  sink = m;
  __asm__ volatile("" ::: "eax", "ecx", "edx", "memory");
  if (sink > 7)
    return sink;
  return pong(sink + 1, sink);
}

REGISTERS int indirect(struct pair *pair, operation what) {
  int kept = pair->first;
  sink = kept;
  return what(kept, pair->second) + kept;
}

void done(void) { sink++; }

void start_c(void) {
  struct pair pair = {3, 4};
  for (;;) {
    sink = middle(5, 11);
    sink = deep(0, 0);
    sink = ping(1, 2);
    sink = indirect(&pair, middle);
    done();
  }
}
