/* Text goes to the first serial port and to the 80x25 text screen at once. */
#include "kernel.h"

#define COM1 0x3f8
#define LINE_STATUS (COM1 + 5)
#define TRANSMITTER_EMPTY 0x20
#define CRTC 0x3d4

#define COLUMNS 80
#define ROWS 25
#define WHITE_ON_BLUE 0x1f00
#define BLANK (WHITE_ON_BLUE | ' ')

static u16 *const screen = (u16 *)(KERNEL_BASE + 0xb8000);
static u32 cursor;

static void serial_init(void) {
    port_write8(COM1 + 1, 0x00); /* no interrupts */
    port_write8(COM1 + 3, 0x80); /* divisor latch */
    port_write8(COM1 + 0, 1);    /* 115200 baud */
    port_write8(COM1 + 1, 0);
    port_write8(COM1 + 3, 0x03); /* 8 bits, no parity, 1 stop bit */
    port_write8(COM1 + 2, 0xc7); /* FIFOs on and empty */
    port_write8(COM1 + 4, 0x03); /* DTR, RTS */
}

static void serial_put(char character) {
    while ((port_read8(LINE_STATUS) & TRANSMITTER_EMPTY) == 0) {
    }
    port_write8(COM1, (u8)character);
}

static void move_cursor(u32 position) {
    port_write8(CRTC, 0x0e);
    port_write8(CRTC + 1, (u8)(position >> 8));
    port_write8(CRTC, 0x0f);
    port_write8(CRTC + 1, (u8)position);
}

static void scroll(void) {
    for (u32 i = 0; i < COLUMNS * (ROWS - 1); i++) screen[i] = screen[i + COLUMNS];
    for (u32 i = COLUMNS * (ROWS - 1); i < COLUMNS * ROWS; i++) screen[i] = BLANK;
    cursor -= COLUMNS;
}

static void screen_put(char character) {
    if (character == '\n') {
        cursor += COLUMNS - cursor % COLUMNS;
    } else {
        screen[cursor++] = (u16)(WHITE_ON_BLUE | (u8)character);
    }
    if (cursor >= COLUMNS * ROWS) scroll();
}

void console_init(void) {
    serial_init();
    for (u32 i = 0; i < COLUMNS * ROWS; i++) screen[i] = BLANK;
    cursor = 0;
}

void console_write(const char *text, u32 length) {
    for (u32 i = 0; i < length; i++) {
        if (text[i] == '\n') serial_put('\r');
        serial_put(text[i]);
        screen_put(text[i]);
    }
    move_cursor(cursor);
}

void print(const char *text) {
    u32 length = 0;
    while (text[length] != 0) length++;
    console_write(text, length);
}

void print_hex(u32 value) {
    char digits[10] = "0x";
    for (u32 i = 0; i < 8; i++) digits[2 + i] = "0123456789abcdef"[(value >> (28 - 4 * i)) & 15];
    console_write(digits, 10);
}

void print_decimal(u32 value) {
    char digits[10];
    u32 at = 10;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    console_write(digits + at, 10 - at);
}
