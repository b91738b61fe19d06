/** Small programs of our own with much to see for a line table, built with whatever debug format is asked for. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { sourceFile, tool, workFolder } from '../guests/build.ts';

const C_SOURCE = `#include "part.h"
extern void outside(int);
volatile int sink;

static inline int twice(int x) { return x + x; }

static int loop(int n) {
    int sum = 0;
    for (int i = 0; i < n; i++) {
        if (i & 1)
            sum += twice(i);
        else
            sum -= part(i);
    }
    return sum;
}

int single(void) { return 7; }

__attribute__((cold, noinline)) static void rare(int x) {
    sink = x;
    outside(x);
}

int chosen(int x) {
    switch (x) {
    case 1: return loop(3);
    case 2: return loop(x * 5);
    case 3: rare(x); return 3;
    default: return single() + x;
    }
}

void _start(void) {
    int total = 0;

    total += chosen(1);
    total += chosen(2);
    sink = total;
    for (;;)
        ;
}
`;

const HEADER = `static inline int part(int x) {
    int y = x * 3;
    return y - 1;
}
`;

const OTHER_SOURCE = `volatile int outside_calls;

void outside(int x) {
    outside_calls += x;
}
`;

const ASM_SOURCE = `bits 32
global _start
section .text
_start:
        mov eax, 1
        mov ecx, 10
.next:  add eax, ecx
        loop .next

        call leaf
        hlt
leaf:   push ebp
        mov ebp, esp
        %rep 3
        inc eax
        %endrep
        leave
        ret
`;

const FLAGS =
  '-m32 -ffreestanding -nostdlib -static -fno-pie -no-pie -fno-stack-protector -fno-asynchronous-unwind-tables'.split(
    ' ',
  );

/** LLVM's compiler brings its linker. */
const COMPILERS = { gcc: ['gcc'], clang: ['clang', '--target=i386-linux-gnu', '-fuse-ld=lld'] } as const;

export function buildC(name: string, options: readonly string[], compiler: keyof typeof COMPILERS = 'gcc'): string {
  sourceFile('part.h', HEADER);
  sourceFile('main.c', C_SOURCE);
  sourceFile('other.c', OTHER_SOURCE);
  const out = join(workFolder(), `${name}.elf`);
  const [command, ...target] = COMPILERS[compiler];
  tool(command, [...target, ...FLAGS, '-g', ...options, '-Wl,--build-id=none', 'main.c', 'other.c', '-o', out]);
  return out;
}

export function buildNasm(name: string, format: string, link: readonly string[] = []): string {
  sourceFile('start.asm', ASM_SOURCE);
  const out = join(workFolder(), `${name}.elf`);
  tool('nasm', ['-g', '-F', format, '-f', 'elf32', 'start.asm', '-o', `${out}.o`]);
  tool('ld', ['-m', 'elf_i386', '--build-id=none', '-z', 'noexecstack', ...link, `${out}.o`, '-o', out]);
  return out;
}

/** Assembled from standard input, which has no name. */
export function buildPiped(): string {
  const out = join(workFolder(), 'piped');
  const input = '.globl _start\n_start:\n movl $1, %eax\n movl $3, %ebx\n int $0x80\n';
  execFileSync('as', ['--32', '--gdwarf-5', '-o', `${out}.o`, '-'], { input });
  tool('ld', ['-m', 'elf_i386', '--build-id=none', '-z', 'noexecstack', `${out}.o`, '-o', `${out}.elf`]);
  return `${out}.elf`;
}

/** The line in C_SOURCE that holds `text`. */
export function lineOf(text: string): number {
  return C_SOURCE.split('\n').findIndex((line) => line.includes(text)) + 1;
}
