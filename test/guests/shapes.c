/* What the debug-information tests look at: every kind of C object, inlining, recursion, blocks that hide names. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned u32;
typedef unsigned long long u64;
typedef enum { RED, GREEN = 7, BLUE, LAST = -1 } colour;
enum flags { READ = 1, WRITE = 2, EXECUTE = 4 };
struct point { int x, y; };
typedef struct point point_t;
typedef int (*operation)(int);
struct packed { unsigned low : 3; signed middle : 5; u64 high : 40; u8 tail; };
union word { u32 whole; u16 halves[2]; u8 bytes[4]; float number; };
struct record {
    struct point corners[3];
    colour tint;
    enum flags rights;
    struct packed bits;
    union word word;
    struct { int a; union { int b; char c; }; };
    const char *name;
    struct record *next;
    operation twice;
    char text[12];
    u8 zeros[40];
};
struct tail { int count; short items[]; };

static int twice(int n) { return n * 2; }

struct record first = {
    .corners = {{1, 2}, {-3, 4}, {5, 6}}, .tint = BLUE, .rights = READ | EXECUTE,
    .bits = {5, -3, 0x123456789aULL, 200}, .word = {.number = 1.5f}, .a = 11, .b = 12,
    .name = "first \"one\"\n", .twice = twice, .text = "abc",
};
static struct tail flexible = {3, {1, 2, 3}};
volatile int sink;
double ratio = 0.1;
const u64 wide = 0xfedcba9876543210ULL;
int matrix[2][3] = {{1, 2, 3}, {4, 5, 6}};
_Bool truth = 1;
long double extended = 2.5L;
u16 *const pointer = (u16 *)&first.word;
volatile colour unknown_colour = 99;

static inline __attribute__((always_inline)) int clamp(int value, int low, int high) {
    int result = value < low ? low : value;
    return result > high ? high : result;
}

__attribute__((noinline)) int factorial(int n) {
    if (n < 2)
        return 1;
    int rest = factorial(n - 1);
    return n * rest;
}

__attribute__((noinline)) long long mix(long long a, u8 b, double d, short s, char c) {
    static int calls = 40;
    long long sum = a + b;
    calls++;
    {
        int sum = (int)d + s;
        sink += sum + c;
    }
    sum += calls;
    return sum;
}

__attribute__((noinline)) int walk(struct record *record, point_t point, int *numbers, u32 count) {
    int total = record->corners[1].x;
    for (u32 i = 0; i < count; i++) {
        int here = numbers[i] * point.x;
        total += clamp(here, -2, 30);
        sink = total;
    }
    struct point *corner = &record->corners[2];
    sink += record->twice(corner->y);
    return total;
}

__attribute__((noinline)) void done(void) { sink++; }

void start_c(void) {
    __asm__ volatile("fninit");
    struct record local = first;
    int numbers[5] = {10, -20, 30, -40, 50};
    char letters[] = {'x', 0, 'y', 27};
    u8 *bytes = (u8 *)&local;
    local.next = &first;
    sink = walk(&local, (struct point){2, 3}, numbers, 5);
    sink += factorial(4);
    sink += (int)mix(1LL << 33, 200, 3.75, -7, 'q') + bytes[0] + letters[2];
    sink += flexible.items[1] + matrix[1][2] + (int)wide + (int)ratio + truth + *pointer + (int)extended;
    for (;;)
        done();
}
