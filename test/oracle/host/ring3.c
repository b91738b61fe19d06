/*
 * Runs i386 instructions in ring 3 of the machine that the tests run on, under Linux, and tells how each ended.
 * Needs no C library. Cases come on standard input, answers go to standard output, both little-endian:
 *
 *   case    64 bytes of code, run at CODE · eax ecx edx ebx esp ebp esi edi eflags · 256 bytes for WINDOW
 *   answer  vector, error code, eip, cr2, the eight registers and eflags at the end · the 256 bytes after
 *
 * What follows the code is INT3. The page below WINDOW's middle and the one above are data, the next is absent.
 */
typedef unsigned int word;
typedef unsigned char byte;

#define CODE 0x10000000u
#define DATA 0x20000000u
#define WINDOW (DATA + 0x0f80)
#define AC 0x40000u
#define SIGILL 4

struct sigcontext {
  word gs, fs, es, ds, edi, esi, ebp, esp, ebx, edx, ecx, eax, trapno, err, eip, cs, eflags, sp, ss, fpstate, mask, cr2;
};
struct ucontext {
  word flags, link, stack, stackFlags, stackSize;
  struct sigcontext registers;
};
struct test {
  byte code[64];
  word registers[9];
  byte window[256];
};
struct answer {
  word vector, error, eip, cr2, registers[9];
  byte window[256];
};

static struct test test;
static struct answer answer;
static struct sigcontext home;
static int running;
static byte handlerStack[65536] __attribute__((aligned(16)));

static int call(int number, int a, int b, int c, int d) {
  int result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
  return result;
}

static void put(struct sigcontext *s, const word *r) {
  s->eax = r[0], s->ecx = r[1], s->edx = r[2], s->ebx = r[3];
  s->esp = r[4], s->ebp = r[5], s->esi = r[6], s->edi = r[7], s->eflags = r[8];
}

static void take(word *r, const struct sigcontext *s) {
  r[0] = s->eax, r[1] = s->ecx, r[2] = s->edx, r[3] = s->ebx;
  r[4] = s->esp, r[5] = s->ebp, r[6] = s->esi, r[7] = s->edi, r[8] = s->eflags;
}

/* A case begins by the signal of UD2 and ends by its own. */
__attribute__((used)) void handle(int signal, void *info, struct ucontext *context) {
  (void)info;
  struct sigcontext *s = &context->registers;
  if (!running) {
    if (signal != SIGILL) call(1, 3, 0, 0, 0);
    running = 1;
    home = *s;
    home.eip += 2;
    put(s, test.registers);
    s->eip = CODE;
    return;
  }
  running = 0;
  answer.vector = s->trapno;
  answer.error = s->err;
  answer.eip = s->eip;
  answer.cr2 = s->cr2;
  take(answer.registers, s);
  word fpstate = s->fpstate;
  *s = home;
  s->fpstate = fpstate;
}

/* The handler may begin with EFLAGS.AC still set. */
void enter(void);
void restore(void);
__asm__(
    "enter: pushfl\n andl $0xfffbffff, (%esp)\n popfl\n jmp handle\n"
    "restore: movl $173, %eax\n int $0x80\n");

static void arm(int signal) {
  word action[5] = {(word)enter, 4u | 0x08000000u | 0x40000000u | 0x04000000u, (word)restore, 0, 0};
  call(174, signal, (int)action, 0, 8);
}

static int full(int number, int file, byte *at, int size) {
  int done = 0;
  while (done < size) {
    int count = call(number, file, (int)(at + done), size - done, 0);
    if (count <= 0) return 0;
    done += count;
  }
  return 1;
}

static void map(word at, word size) {
  word request[6] = {at, size, 7, 0x32, 0xffffffffu, 0};
  if ((word)call(90, (int)request, 0, 0, 0) != at) call(1, 2, 0, 0, 0);
}

void _start(void) {
  word stack[3] = {(word)handlerStack, 0, sizeof handlerStack};
  map(CODE, 4096);
  map(DATA, 8192);
  call(186, (int)stack, 0, 0, 0);
  arm(4), arm(5), arm(7), arm(8), arm(11);
  for (int i = 0; i < 4096; i++) ((byte *)CODE)[i] = 0xcc;
  while (full(3, 0, (byte *)&test, sizeof test)) {
    for (int i = 0; i < 64; i++) ((byte *)CODE)[i] = test.code[i];
    for (int i = 0; i < 8192; i++) ((byte *)DATA)[i] = 0;
    for (int i = 0; i < 256; i++) ((byte *)WINDOW)[i] = test.window[i];
    __asm__ volatile("fninit\n ud2" ::: "memory");
    for (int i = 0; i < 256; i++) answer.window[i] = ((byte *)WINDOW)[i];
    full(4, 1, (byte *)&answer, sizeof answer);
  }
  call(1, 0, 0, 0, 0);
}

/* What the compiler may ask for. */
void *memcpy(void *to, const void *from, word size) {
  for (word i = 0; i < size; i++) ((byte *)to)[i] = ((const byte *)from)[i];
  return to;
}
void *memset(void *to, int value, word size) {
  for (word i = 0; i < size; i++) ((byte *)to)[i] = (byte)value;
  return to;
}
