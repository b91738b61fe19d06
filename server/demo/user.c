/* The user program: linked at 4 MiB, runs in ring 3, sees the kernel only through INT 80h. */
#include "kernel.h"

#define TICKS_TO_WAIT 5

static u32 system_call(u32 number, u32 first, u32 second) {
    u32 result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(second) : "memory");
    return result;
}

static void say(const char *text) {
    u32 length = 0;
    while (text[length] != 0) length++;
    system_call(CALL_WRITE, (u32)text, length);
}

static u32 privilege_level(void) {
    u32 selector;
    __asm__ volatile("mov %%cs, %0" : "=r"(selector));
    return selector & 3;
}

/* Works while it waits, so that the timer interrupts ring 3. */
static u32 spin_until(u32 deadline) {
    u32 rounds = 0;
    while ((int)(deadline - system_call(CALL_TICKS, 0, 0)) > 0) {
        for (volatile u32 work = 0; work < 500; work++) {
        }
        rounds++;
    }
    return rounds;
}

static u32 factorial(u32 n) {
    if (n < 2) return 1;
    u32 rest = factorial(n - 1);
    return n * rest;
}

/* The heap is not mapped: the first touch of each page makes the kernel map it. */
static u32 touch_heap(u32 pages) {
    u32 sum = 0;
    for (u32 i = 0; i < pages; i++) {
        volatile u32 *cell = (volatile u32 *)(0x00500000 + i * PAGE_SIZE);
        *cell = i + 1;
        sum += *cell;
    }
    return sum;
}

void user_main(void) {
    say("user: hello from ring ");
    say(privilege_level() == 3 ? "3\n" : "0?\n");
    u32 start = system_call(CALL_TICKS, 0, 0);
    u32 rounds = spin_until(start + TICKS_TO_WAIT);
    say(rounds > 0 ? "user: the timer interrupted me\n" : "user: no time passed\n");
    u32 sum = touch_heap(4);
    say(factorial(10) == 3628800 && sum == 10 ? "user: the sums are right\n" : "user: wrong sums\n");
    system_call(CALL_EXIT, 42, 0);
}
