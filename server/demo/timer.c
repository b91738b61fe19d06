/* Channel 0 of the 8254 interrupts at a steady rate; waiting sleeps until it does. */
#include "kernel.h"

#define PIT_CHANNEL0 0x40
#define PIT_COMMAND 0x43
#define PIT_HERTZ 1193182
#define RATE_GENERATOR 0x34 /* channel 0, low byte then high byte, mode 2 */

volatile u32 ticks;

void timer_init(u32 hertz) {
    u32 divisor = PIT_HERTZ / hertz;
    port_write8(PIT_COMMAND, RATE_GENERATOR);
    port_write8(PIT_CHANNEL0, (u8)divisor);
    port_write8(PIT_CHANNEL0, (u8)(divisor >> 8));
}

void timer_interrupt(void) {
    ticks++;
}

void timer_wait(u32 count) {
    u32 until = ticks + count;
    while ((int)(until - ticks) > 0) __asm__ volatile("hlt");
}
