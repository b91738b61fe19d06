/**
 * The built-in firmware's calls against SeaBIOS: one boot floppy makes every call below on both and sends what
 * each leaves to port E9h. Compared is what a caller may rely on, named beside each call.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG, Machine } from '../../core/index.ts';
import { buildTier0 } from '../../core/vcpu/interpreter/build.ts';
import { bootDisk, workFolder } from '../guests/build.ts';

const FIELDS = ['ax', 'bx', 'cx', 'dx', 'si', 'di', 'bp', 'es', 'flags'] as const;
type Field =
  | (typeof FIELDS)[number]
  | 'ah'
  | 'al'
  | 'bh'
  | 'bl'
  | 'ch'
  | 'cl'
  | 'dh'
  | 'dl'
  | 'carry'
  | 'zero'
  | 'memory';

interface Case {
  readonly name: string;
  /** 16-bit code; DS = ES = 0 and the other registers 0 when it starts. */
  readonly code: string;
  readonly compare: readonly Field[];
  /** Bytes to compare from linear 5000h on. */
  readonly memory?: number;
}

const MEMORY = 0x5000;
/** Longest stretch of memory a case shows. */
const SHOWN = 64;

const ax = (value: number) => `mov $${value}, %ax;`;
const cx = (value: number) => `mov $${value}, %cx;`;
const dx = (value: number) => `mov $${value}, %dx;`;
const bx = (value: number) => `mov $${value}, %bx;`;

const FLOPPY: Case[] = [
  { name: 'reset', code: `${ax(0)} ${dx(0)} int $0x13`, compare: ['ah', 'carry'] },
  {
    name: 'read',
    code: `${ax(0x0201)} ${cx(2)} ${bx(MEMORY)} int $0x13`,
    compare: ['ax', 'cx', 'dx', 'carry', 'memory'],
    memory: 16,
  },
  { name: 'read over a track', code: `${ax(0x0203)} ${cx(18)} ${bx(MEMORY)} int $0x13`, compare: ['ah', 'carry'] },
  { name: 'read of sector 0', code: `${ax(0x0201)} ${cx(0)} ${bx(MEMORY)} int $0x13`, compare: ['carry'] },
  { name: 'read beyond', code: `${ax(0x0201)} ${cx(0x5001)} ${bx(MEMORY)} int $0x13`, compare: ['carry'] },
  { name: 'verify', code: `${ax(0x0402)} ${cx(1)} int $0x13`, compare: ['ah', 'carry'] },
  { name: 'parameters', code: `${ax(0x0800)} int $0x13`, compare: ['bl', 'cx', 'dx', 'carry'] },
  { name: 'type', code: `${ax(0x1500)} int $0x13`, compare: ['ah', 'carry'] },
  { name: 'status', code: `${ax(0x0100)} int $0x13`, compare: ['ah', 'carry'] },
  { name: 'no extensions', code: `${ax(0x4100)} ${bx(0x55aa)} int $0x13`, compare: ['carry'] },
];

const DISK: Case[] = [
  { name: 'disk parameters', code: `${ax(0x0800)} ${dx(0x80)} int $0x13`, compare: ['cl', 'dx', 'carry'] },
  { name: 'disk type', code: `${ax(0x1500)} ${dx(0x80)} int $0x13`, compare: ['ah', 'carry'] },
  {
    name: 'disk read',
    code: `${ax(0x0201)} ${cx(1)} ${bx(MEMORY)} ${dx(0x80)} int $0x13`,
    compare: ['ax', 'carry', 'memory'],
    memory: 16,
  },
  { name: 'disk write', code: `${ax(0x0301)} ${cx(3)} ${bx(0x7c00)} ${dx(0x80)} int $0x13`, compare: ['ax', 'carry'] },
  {
    name: 'read back',
    code: `${ax(0x0201)} ${cx(3)} ${bx(MEMORY)} ${dx(0x80)} int $0x13`,
    compare: ['ax', 'carry', 'memory'],
    memory: 3,
  },
  { name: 'extensions', code: `${ax(0x4100)} ${bx(0x55aa)} ${dx(0x80)} int $0x13`, compare: ['ah', 'bx', 'carry'] },
  {
    name: 'extended read',
    code: `movl $0x00020010, ${MEMORY}; movl $0x05000010, ${MEMORY + 4}; movl $1, ${MEMORY + 8}; movl $0, ${MEMORY + 12}
      ${ax(0x4200)} ${dx(0x80)} mov $${MEMORY}, %si; int $0x13`,
    compare: ['ah', 'carry', 'memory'],
    memory: 40,
  },
  {
    name: 'extended read beyond',
    code: `movl $0x00020010, ${MEMORY}; movl $0x05000010, ${MEMORY + 4}; movl $0xffffff, ${MEMORY + 8}; movl $0, ${MEMORY + 12}
      ${ax(0x4200)} ${dx(0x80)} mov $${MEMORY}, %si; int $0x13`,
    compare: ['carry'],
  },
  {
    name: 'extended parameters',
    code: `movw $0x1a, ${MEMORY}; ${ax(0x4800)} ${dx(0x80)} mov $${MEMORY}, %si; int $0x13; movl $0, ${MEMORY + 2}; movl $0, ${MEMORY + 4}`,
    compare: ['ah', 'carry', 'memory'],
    memory: 26,
  },
  {
    name: 'a disk that is not there',
    code: `${ax(0x0201)} ${cx(1)} ${bx(MEMORY)} ${dx(0x83)} int $0x13`,
    compare: ['carry'],
  },
];

const VIDEO: Case[] = [
  { name: 'mode', code: `${ax(0x0f00)} int $0x10`, compare: ['ax', 'bh'] },
  { name: 'set mode', code: `${ax(3)} int $0x10; ${ax(0x0f00)} int $0x10`, compare: ['ax', 'bh'] },
  { name: 'cursor', code: `${ax(0x0200)} ${dx(0x0507)} int $0x10; ${ax(0x0300)} int $0x10`, compare: ['dx'] },
  { name: 'cursor shape', code: `${ax(0x0100)} ${cx(0x0607)} int $0x10; ${ax(0x0300)} int $0x10`, compare: ['cx'] },
  {
    name: 'write and read',
    code: `${ax(0x0941)} ${bx(0x1e)} ${cx(3)} int $0x10; ${ax(0x0800)} ${bx(0)} int $0x10`,
    compare: ['ax'],
  },
  {
    name: 'teletype',
    code: `${ax(0x0e42)} ${bx(7)} int $0x10; ${ax(0x0e0a)} int $0x10; ${ax(0x0e0d)} int $0x10; ${ax(0x0e08)} int $0x10; ${ax(0x0300)} ${bx(0)} int $0x10`,
    compare: ['dx'],
  },
  {
    name: 'teletype scrolls',
    code: `${ax(0x0200)} ${dx(0x184f)} int $0x10; ${ax(0x0e43)} int $0x10; ${ax(0x0300)} int $0x10; push %dx; ${ax(0x0200)} ${dx(0x174f)} int $0x10; ${ax(0x0800)} int $0x10; pop %dx`,
    compare: ['al', 'dx'],
  },
  {
    name: 'scroll a window',
    code: `${ax(0x0601)} ${bx(0x7000)} ${cx(0)} ${dx(0x184f)} int $0x10; ${ax(0x0200)} ${bx(0)} ${dx(0x1805)} int $0x10; ${ax(0x0800)} int $0x10`,
    compare: ['ax'],
  },
  {
    name: 'scroll down',
    code: `${ax(0x0702)} ${bx(0x2000)} ${cx(0x0203)} ${dx(0x0a20)} int $0x10; ${ax(0x0200)} ${bx(0)} ${dx(0x0203)} int $0x10; ${ax(0x0800)} int $0x10`,
    compare: ['ax'],
  },
  {
    name: 'write string',
    code: `movl $0x64636261, ${MEMORY}; ${ax(0x1301)} ${bx(0x0017)} ${cx(4)} ${dx(0x0304)} mov $${MEMORY}, %bp; int $0x10; ${ax(0x0300)} ${bx(0)} int $0x10`,
    compare: ['dx'],
  },
  { name: 'display combination', code: `${ax(0x1a00)} int $0x10`, compare: ['al', 'bl'] },
  {
    name: 'page',
    code: `${ax(0x0501)} int $0x10; ${ax(0x0f00)} int $0x10; push %bx; ${ax(0x0500)} int $0x10; pop %bx`,
    compare: ['bh'],
  },
];

const SYSTEM: Case[] = [
  { name: 'base memory', code: 'int $0x12', compare: ['ax'] },
  { name: 'extended memory', code: `${ax(0x8800)} int $0x15`, compare: ['carry'] },
  { name: 'E801', code: `${ax(0xe801)} int $0x15`, compare: ['ax', 'cx', 'carry'] },
  { name: 'A20 state', code: `${ax(0x2402)} int $0x15`, compare: ['ax', 'carry'] },
  {
    name: 'A20 off and on',
    code: `${ax(0x2400)} int $0x15; ${ax(0x2402)} int $0x15; push %ax; ${ax(0x2401)} int $0x15; pop %ax`,
    compare: ['al', 'carry'],
  },
  { name: 'A20 support', code: `${ax(0x2403)} int $0x15`, compare: ['ah', 'bx', 'carry'] },
  {
    name: 'E820',
    code: `${ax(0xe820)} mov $0x534d4150, %edx; mov $20, %ecx; mov $${MEMORY}, %di; int $0x15`,
    compare: ['ax', 'cx', 'bx', 'carry', 'memory'],
    memory: 20,
  },
  {
    name: 'E820 without its signature',
    code: `${ax(0xe820)} mov $20, %ecx; mov $${MEMORY}, %di; int $0x15`,
    compare: ['carry'],
  },
  {
    name: 'configuration',
    code: `${ax(0xc000)} int $0x15; mov %es:2(%bx), %dl; mov %es:(%bx), %cx`,
    compare: ['ah', 'cx', 'dl', 'carry'],
  },
  { name: 'unknown function', code: `${ax(0xbf00)} int $0x15`, compare: ['ah', 'carry'] },
  { name: 'wait', code: `${ax(0x8600)} ${dx(2000)} int $0x15`, compare: ['carry'] },
  { name: 'no key', code: `${ax(0x0100)} int $0x16`, compare: ['zero'] },
  { name: 'a stuffed key', code: `${ax(0x0500)} ${cx(0x1e61)} int $0x16; ${ax(0)} int $0x16`, compare: ['ax'] },
  {
    name: 'a key waits',
    code: `${ax(0x0500)} ${cx(0x1e61)} int $0x16; ${ax(0x0100)} int $0x16; pushf; pop %bx; ${ax(0)} int $0x16; push %bx; popf`,
    compare: ['ax', 'zero'],
  },
  {
    name: 'a grey key by the old call',
    code: `${ax(0x0500)} ${cx(0x48e0)} int $0x16; ${ax(0)} int $0x16`,
    compare: ['ax'],
  },
  {
    name: 'a grey key by the new call',
    code: `${ax(0x0500)} ${cx(0x48e0)} int $0x16; ${ax(0x1000)} int $0x16`,
    compare: ['ax'],
  },
  {
    name: 'the buffer holds fifteen',
    code: `mov $17, %di; 1: ${ax(0x0500)} ${cx(0x1e61)} int $0x16; add %al, %bl; dec %di; jnz 1b; 2: ${ax(0x0100)} int $0x16; jz 3f; ${ax(0)} int $0x16; jmp 2b; 3:`,
    compare: ['bl'],
  },
  { name: 'shift state', code: `${ax(0x0200)} int $0x16`, compare: ['al'] },
  { name: 'serial status', code: `${ax(0x0300)} int $0x14; and $0x60, %ah`, compare: ['ah'] },
  {
    name: 'set ticks',
    code: `${ax(0x0100)} ${cx(0x10)} ${dx(0x2000)} int $0x1a; ${ax(0)} int $0x1a; mov $0, %dl`,
    compare: ['cx', 'dx', 'al'],
  },
  { name: 'date', code: `${ax(0x0400)} int $0x1a`, compare: ['ch', 'carry'] },
];

const CASES = [...FLOPPY, ...DISK, ...VIDEO, ...SYSTEM];

const PROLOGUE = `
    ljmp $0, $begin
begin:
    cli
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $0x7000, %sp
    sti
    mov $0x0211, %ax
    mov $2, %cx
    xor %dx, %dx
    mov $0x7e00, %bx
    int $0x13
    jmp cases
    .org 510
    .word 0xaa55
fresh:
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %es
    mov $${MEMORY}, %di
    mov $${SHOWN}, %cx
    cld
    rep stosb
    xor %eax, %eax
    xor %ebx, %ebx
    xor %ecx, %ecx
    xor %edx, %edx
    xor %esi, %esi
    xor %edi, %edi
    xor %ebp, %ebp
    ret
show:
    pushf
    push %es
    push %bp
    push %di
    push %si
    push %dx
    push %cx
    push %bx
    push %ax
    mov %sp, %bp
    mov $18, %cx
1:  mov (%bp), %al
    out %al, $0xe9
    inc %bp
    loop 1b
    xor %ax, %ax
    mov %ax, %ds
    mov $${MEMORY}, %si
    mov $${SHOWN}, %cx
2:  lodsb
    out %al, $0xe9
    loop 2b
    add $18, %sp
    ret
cases:
`;

type Record = { readonly [field in Field]: number | readonly number[] };

function recordAt(bytes: Uint8Array, index: number, memory: number): Record {
  const start = index * (18 + SHOWN);
  const word = (i: number) => bytes[start + 2 * i] | (bytes[start + 2 * i + 1] << 8);
  const registers = Object.fromEntries(FIELDS.map((name, i) => [name, word(i)]));
  const halves = ['a', 'b', 'c', 'd'].flatMap((letter, i) => [
    [`${letter}h`, word(i) >>> 8],
    [`${letter}l`, word(i) & 0xff],
  ]);
  const flags = word(8);
  return {
    ...registers,
    ...Object.fromEntries(halves),
    carry: flags & 1,
    zero: (flags >>> 6) & 1,
    memory: [...bytes.subarray(start + 18, start + 18 + memory)],
  } as Record;
}

function hardDisk(): Uint8Array {
  const disk = new Uint8Array(8 * 2 ** 20);
  for (let i = 0; i < disk.length; i++) disk[i] = (i >>> 9) ^ (i & 0xff);
  // An empty partition table: no signature.
  disk.fill(0, 446, 512);
  return disk;
}

let ours: Uint8Array;
let theirs: Uint8Array;

beforeAll(() => {
  const body = CASES.map(({ code }) => `call fresh\n${code}\ncall show`).join('\n');
  const floppy = bootDisk(`${PROLOGUE}${body}\nmov $0xf4, %dx; out %al, %dx; cli; hlt`);
  const disk = hardDisk();
  const sent: number[] = [];
  const machine = new Machine(
    {
      ...DEFAULT_CONFIG,
      disks: [
        { drive: 'fda', name: 'floppy', bytes: floppy },
        { drive: 'hda', name: 'disk', bytes: disk },
      ],
      boot: 'a',
    },
    new WebAssembly.Module(buildTier0() as BufferSource),
  );
  machine.onOutput((channel, byte) => {
    if (channel === 'debugcon') sent.push(byte);
  });
  const event = machine.run(100_000_000);
  if (event.kind !== 'exit') throw new Error(`our run ended with ${JSON.stringify(event)} after ${sent.length} bytes`);
  ours = Uint8Array.from(sent);
  const [floppyPath, diskPath, outPath] = ['calls-a.img', 'calls-c.img', 'calls.out'].map((name) =>
    join(workFolder(), name),
  );
  writeFileSync(floppyPath, floppy);
  writeFileSync(diskPath, disk);
  const drives = ['-drive', `file=${floppyPath},format=raw,if=floppy`, '-drive', `file=${diskPath},format=raw,if=ide`];
  const ends = ['-device', 'isa-debug-exit,iobase=0xf4', '-debugcon', `file:${outPath}`, '-boot', 'a', '-m', '128'];
  spawnSync('qemu-system-i386', [...drives, ...ends, '-display', 'none', '-serial', 'null', '-no-reboot'], {
    timeout: 90_000,
  });
  // SeaBIOS talks on the same port when it is built to; what we sent comes last.
  const all = new Uint8Array(readFileSync(outPath));
  theirs = all.subarray(all.length - CASES.length * (18 + SHOWN));
}, 120_000);

describe('firmware calls do what SeaBIOS does', () => {
  it('and both made every call', () => {
    expect([ours.length, theirs.length]).toEqual([CASES.length * (18 + SHOWN), CASES.length * (18 + SHOWN)]);
    const base = CASES.findIndex(({ name }) => name === 'base memory');
    expect(recordAt(theirs, base, 0).ax).toBe(639);
  });

  it.each(CASES.map((entry, index) => [entry.name, entry, index] as const))('%s', (_, { compare, memory }, index) => {
    const [mine, other] = [ours, theirs].map((bytes) => recordAt(bytes, index, memory ?? 0));
    const pick = (record: Record) => Object.fromEntries(compare.map((field) => [field, record[field]]));
    expect(pick(mine)).toEqual(pick(other));
  });
});
