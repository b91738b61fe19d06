/* What the tests of stepping look at: calls that optimization made disappear, nested, in a loop and side by side. */
volatile int sink;

static inline int add(int x, int y) {
  int s = x + y;
  sink = s;
  return s * 2;
}

static inline int twice(int v) {
  int r = add(v, v);
  sink = r;
  return r + 1;
}

__attribute__((noinline)) static int leaf(int n, int *p) {
  sink = n;
  *p = n * 3;
  return n - 1;
}

static inline int both(int n) {
  int u;
  int first = leaf(n, &u);
  sink = u;
  return first + add(u, n);
}

__attribute__((noinline)) int work(int n, int m) {
  int t = m;
  sink = n;
  for (int i = 0; i < 3; i++) {
    t += twice(i + n);
    sink = t;
    t += both(t);
  }
  sink = 1;
  t += add(n, t);
  t += add(t, 1) + add(t, 2);
  return t;
}

__attribute__((noinline)) void done(void) { sink++; }

void start_c(void) {
  for (;;) {
    sink = work(4, sink);
    done();
  }
}
