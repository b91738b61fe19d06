/* What the gdb tests look at: calls that nest, data that is touched in a known order, a line that loops long. */
typedef unsigned u32;

volatile u32 counter;
volatile int watched = 5;
volatile int seen;
int table[16];

static int square(int n) {
    int result = n * n;
    return result;
}

int sum_squares(int limit) {
    int total = 0;
    for (int i = 1; i <= limit; i++)
        total += square(i);
    return total;
}

void touch(void) {
    seen = watched;
    watched = 7;
    seen = watched + 1;
    watched = 9;
}

u32 long_line(u32 rounds) {
    u32 sum = 0;
    for (u32 i = 0; i < rounds; i++) sum += i ^ (sum >> 3);
    return sum;
}

void spin(void) {
    for (;;)
        counter++;
}

void start_c(void) {
    int total = sum_squares(4);
    touch();
    table[3] = total;
    counter = long_line(300000);
    spin();
}
