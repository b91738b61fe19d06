/* INT 80h: the number in EAX, arguments in EBX and ECX, the result in EAX. */
#include "kernel.h"

#define BAD_CALL 0xffffffffu
#define LONGEST_WRITE 256

/* Ring 3 may only name memory of its own; everything below the kernel is. */
static int is_user_range(u32 start, u32 length) {
    return start < KERNEL_BASE && length <= KERNEL_BASE - start;
}

static u32 call_write(u32 text, u32 length) {
    if (length > LONGEST_WRITE || !is_user_range(text, length)) return BAD_CALL;
    console_write((const char *)text, length);
    return length;
}

void syscall_dispatch(struct trap_frame *frame) {
    u32 result;
    switch (frame->eax) {
    case CALL_EXIT:
        leave_user_mode(frame->ebx);
    case CALL_TICKS:
        result = ticks;
        break;
    case CALL_WRITE:
        result = call_write(frame->ebx, frame->ecx);
        break;
    default:
        result = BAD_CALL;
    }
    frame->eax = result;
}
