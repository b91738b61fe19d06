/* The second of three programs: moves the third away from where that was linked, and calls it. */
#define USER_ON_DISK ((const char *)0x10800)
#define USER_IN_MEMORY ((char *)0x400000)

typedef int (*program)(int);

volatile int answer;

void kernel_start(int unused) {
  for (int round = 1; round <= 3; round++) {
    for (int i = 0; i < 1024; i++)
      USER_IN_MEMORY[i] = USER_ON_DISK[i];
    answer = ((program)USER_IN_MEMORY)(round * 10);
  }
}
