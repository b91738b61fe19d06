/** `info registers` and `info mem`, in the form of QEMU's monitor. */
import { DESC_BIG } from '../isa/descriptors.ts';
import { AF, CF, DF, OF, PF, SF, ZF } from '../isa/eflags.ts';
import { PDE_LARGE, PTE_PRESENT, PTE_USER, PTE_WRITABLE } from '../memory/page-walk.ts';
import { hex } from '../util/hex.ts';
import { systemTypeName } from './descriptors.ts';
import type { Registers, SegmentValue } from './target.ts';

const CR0_PE = 1;
const CR0_PG = 0x80000000;
const CR4_PSE = 1 << 4;
const CR4_PAE = 1 << 5;

const FLAG_LETTERS: readonly (readonly [mask: number, letter: string])[] = [
  [DF, 'D'],
  [OF, 'O'],
  [SF, 'S'],
  [ZF, 'Z'],
  [AF, 'A'],
  [PF, 'P'],
  [CF, 'C'],
];

export function registersText(r: Registers, a20: boolean): string {
  const [eax, ecx, edx, ebx, esp, ebp, esi, edi] = r.general.map((value) => hex(value));
  const flags = FLAG_LETTERS.map(([mask, letter]) => (r.eflags & mask ? letter : '-')).join('');
  const isProtected = (r.cr0 & CR0_PE) !== 0;
  const names = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS'];
  const dr = r.dr.map((value) => hex(value));
  return [
    'CPU#0',
    `EAX=${eax} EBX=${ebx} ECX=${ecx} EDX=${edx}`,
    `ESI=${esi} EDI=${edi} EBP=${ebp} ESP=${esp}`,
    `EIP=${hex(r.eip)} EFL=${hex(r.eflags)} [${flags}] CPL=${r.cpl} II=0 A20=${a20 ? 1 : 0} SMM=0 HLT=${r.halted ? 1 : 0}`,
    ...r.segments.map((segment, i) => segmentLine(`${names[i]} `, segment, isProtected)),
    segmentLine('LDT', r.ldtr, isProtected),
    segmentLine('TR ', r.tr, isProtected),
    `GDT=     ${hex(r.gdtr.base)} ${hex(r.gdtr.limit)}`,
    `IDT=     ${hex(r.idtr.base)} ${hex(r.idtr.limit)}`,
    `CR0=${hex(r.cr0)} CR2=${hex(r.cr2)} CR3=${hex(r.cr3)} CR4=${hex(r.cr4)}`,
    `DR0=${dr[0]} DR1=${dr[1]} DR2=${dr[2]} DR3=${dr[3]} `,
    `DR6=${dr[6]} DR7=${dr[7]}`,
    'EFER=0000000000000000',
    ...fpuLines(r),
    '',
  ].join('\n');
}

/** `ES =0010 00000000 ffffffff 00cf9300 DPL=0 DS   [-WA]`; the words only in protected mode. */
function segmentLine(name: string, { selector, base, limit, access }: SegmentValue, isProtected: boolean): string {
  const line = `${name}=${hex(selector, 4)} ${hex(base)} ${hex(limit)} ${hex(access)}`;
  if (!isProtected || !(access & 0x8000)) return line;
  const bit = (mask: number, letter: string) => (access & mask ? letter : '-');
  const big = (access & DESC_BIG) !== 0;
  let kind: string;
  if (!(access & 0x1000)) kind = systemTypeName((access >> 8) & 15);
  else if (access & 0x800) kind = `${big ? 'CS32' : 'CS16'} [${bit(0x400, 'C')}${bit(0x200, 'R')}${bit(0x100, 'A')}]`;
  else kind = `${big ? 'DS  ' : 'DS16'} [${bit(0x400, 'E')}${bit(0x200, 'W')}${bit(0x100, 'A')}]`;
  return `${line} DPL=${(access >> 13) & 3} ${kind}`;
}

function fpuLines({ fpu }: Registers): string[] {
  const top = (fpu.status >> 11) & 7;
  // One bit a physical register here, set when it is in use.
  const used = Array.from({ length: 8 }, (_, i) => (((fpu.tag >> (2 * i)) & 3) === 3 ? 0 : 1 << i));
  const tags = used.reduce((all, bit) => all | bit, 0);
  const register = (physical: number) => {
    const bytes = [...fpu.st[(physical - top) & 7]].reverse().map((byte) => hex(byte, 2));
    return `FPR${physical}=${bytes.slice(2).join('')} ${bytes.slice(0, 2).join('')}`;
  };
  return [
    `FCW=${hex(fpu.control, 4)} FSW=${hex(fpu.status, 4)} [ST=${top}] FTW=${hex(tags, 2)} MXCSR=00001f80`,
    ...[0, 2, 4, 6].map((i) => `${register(i)} ${register(i + 1)}`),
  ];
}

interface Physical {
  read(physical: number, length: number): Uint8Array;
}

const RIGHTS = PTE_PRESENT | PTE_WRITABLE | PTE_USER;

/** Mapped ranges with equal rights: `start-end size urw`. */
export function pagesText(r: Registers, physical: Physical): string {
  if (!(r.cr0 & CR0_PG)) return 'PG disabled\n';
  if (r.cr4 & CR4_PAE) return 'PAE is not supported yet\n';
  let text = '';
  let start = 0;
  let rights = 0;
  const range = (at: number, next: number) => {
    if (next === rights) return;
    if (rights & PTE_PRESENT) text += rangeLine(start, at, rights);
    start = at;
    rights = next;
  };
  const directory = words(physical.read((r.cr3 & 0xfffff000) >>> 0, 4096));
  for (let i = 0; i < 1024; i++) {
    const entry = directory[i] ?? 0;
    const at = i * 0x400000;
    if (!(entry & PTE_PRESENT)) range(at, 0);
    else if (entry & PDE_LARGE && r.cr4 & CR4_PSE) range(at, entry & RIGHTS);
    else {
      const table = words(physical.read((entry & 0xfffff000) >>> 0, 4096));
      for (let j = 0; j < 1024; j++) {
        const page = table[j] ?? 0;
        range(at + j * 4096, page & PTE_PRESENT ? page & entry & RIGHTS : 0);
      }
    }
  }
  range(2 ** 32, 0);
  return text;
}

function words(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.slice(0, bytes.length & ~3).buffer);
}

function rangeLine(start: number, end: number, rights: number): string {
  const wide = (value: number) => value.toString(16).padStart(16, '0');
  const letters = `${rights & PTE_USER ? 'u' : '-'}r${rights & PTE_WRITABLE ? 'w' : '-'}`;
  return `${wide(start)}-${wide(end)} ${wide(end - start)} ${letters}\n`;
}
