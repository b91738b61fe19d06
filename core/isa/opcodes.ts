/**
 * The opcode table: every encoding of the 80386 to the Pentium (SDM vol. 2, appendix A), one row each, with
 * its trap class. The decoder, both tiers and the tests read it; nothing else knows opcode bytes.
 *
 * Row text: `bytes mnemonic operands class`. Bytes: one or two hex bytes, `/d` a ModRM digit. Operand codes
 * follow the SDM with the size spelled out: E register or memory, G register of ModRM, M memory only,
 * Z register in the opcode's low bits, A accumulator, I immediate (Is: sign-extended byte), O absolute
 * offset, J relative target, S segment register, P far pointer, 1 the constant, CL. Sizes: b w v(16/32) z(as
 * v), d. Class: nothing = innocuous, P privileged, T sensitive, I IOPL-sensitive, `-` undefined, `?` not built yet.
 * x87 rows: `/d` is the memory form of a digit, `/hh` one ModRM byte, `/hh+` eight of them (ST(i) in rm).
 * Operand X is that stack register as a source, Y as the destination; M sizes also q (8) t (10), e (environment), f (whole state).
 * Marks before the mnemonic: `*` uses the stack or CS limit (flat and checked variants), `$` string,
 * `@` uses the address size without a ModRM operand.
 */
import type { TrapClass } from './instruction.ts';
import { X87_LINES } from './opcodes-x87.ts';

export interface Row {
  readonly opcode: number;
  /** ModRM digit, or -1. */
  readonly digit: number;
  /** x87 escapes (D8–DF): which ModRM bytes with mod 3 the row means, [first, last]; undefined: memory. */
  readonly escape?: readonly [number, number];
  readonly mnemonic: string;
  readonly operands: readonly string[];
  readonly trapClass: TrapClass;
  readonly stack: boolean;
  readonly string: boolean;
  readonly addressed: boolean;
  /** Has 16- and 32-bit variants. */
  readonly sized: boolean;
  readonly hasModrm: boolean;
}

const ALU = ['add', 'or', 'adc', 'sbb', 'and', 'sub', 'xor', 'cmp'];
const SHIFT = ['rol', 'ror', 'rcl', 'rcr', 'shl', 'shr', 'shl', 'sar'];
const CONDITIONS = ['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g'];

const lines: string[] = [];
const two = (value: number) => value.toString(16).padStart(2, '0');
ALU.forEach((name, i) => {
  const base = i * 8;
  lines.push(
    `${two(base)} ${name} Eb,Gb`,
    `${two(base + 1)} ${name} Ev,Gv`,
    `${two(base + 2)} ${name} Gb,Eb`,
    `${two(base + 3)} ${name} Gv,Ev`,
    `${two(base + 4)} ${name} Ab,Ib`,
    `${two(base + 5)} ${name} Av,Iz`,
    `80/${i} ${name} Eb,Ib`,
    `81/${i} ${name} Ev,Iz`,
    `82/${i} ${name} Eb,Ib`,
    `83/${i} ${name} Ev,Is`,
  );
});
SHIFT.forEach((name, i) => {
  lines.push(
    `c0/${i} ${name} Eb,Ib`,
    `c1/${i} ${name} Ev,Ib`,
    `d0/${i} ${name} Eb,1`,
    `d1/${i} ${name} Ev,1`,
    `d2/${i} ${name} Eb,CL`,
    `d3/${i} ${name} Ev,CL`,
  );
});
for (let i = 0; i < 8; i++) {
  lines.push(
    `${two(0x40 + i)} inc Zv`,
    `${two(0x48 + i)} dec Zv`,
    `${two(0x50 + i)} *push Zv`,
    `${two(0x58 + i)} *pop Zv`,
    `${two(0xb0 + i)} mov Zb,Ib`,
    `${two(0xb8 + i)} mov Zv,Iz`,
    `0f${two(0xc8 + i)} bswap Zv`,
  );
  if (i > 0) lines.push(`${two(0x90 + i)} xchg Zv,Av`);
}
CONDITIONS.forEach((cc, i) => {
  lines.push(
    `${two(0x70 + i)} j${cc} Jb`,
    `0f${two(0x80 + i)} j${cc} Jz`,
    `0f${two(0x90 + i)} set${cc} Eb`,
    `0f${two(0x40 + i)} cmov${cc} Gv,Ev`,
  );
});
['es', 'cs', 'ss', 'ds'].forEach((seg, i) => {
  lines.push(`${two(0x06 + i * 8)} push_seg S${seg} T`);
  if (seg !== 'cs') lines.push(`${two(0x07 + i * 8)} pop_seg S${seg} T`);
});
['bt', 'bts', 'btr', 'btc'].forEach((name, i) => {
  lines.push(`0f${two(0xa3 + i * 8)} ${name} Ev,Gv`, `0fba/${4 + i} ${name} Ev,Ib`);
});
lines.push(
  ...`27 daa|2f das|37 aaa|3f aas|d4 aam Ib|d5 aad Ib
60 *pusha v|61 *popa v|62 bound Gv,Mv|63 arpl Ew,Gw T|68 *push Iz|69 imul Gv,Ev,Iz|6a *push Is|6b imul Gv,Ev,Is
6c ins b I|6d ins v I|6e outs b I|6f outs v I
84 test Eb,Gb|85 test Ev,Gv|86 xchg Eb,Gb|87 xchg Ev,Gv|88 mov Eb,Gb|89 mov Ev,Gv|8a mov Gb,Eb|8b mov Gv,Ev
8c mov_from_seg Ev,Sw T|8d lea Gv,M|8e mov_to_seg Sw,Ew T|8f/0 *pop Ev
90 nop|98 cbw v|99 cwd v|9a call_far Pv T|9b wait|9c pushf v T|9d popf v T|9e sahf|9f lahf
a0 mov Ab,Ob|a1 mov Av,Ov|a2 mov Ob,Ab|a3 mov Ov,Av|a4 $movs b|a5 $movs v|a6 $cmps b|a7 $cmps v
a8 test Ab,Ib|a9 test Av,Iz|aa $stos b|ab $stos v|ac $lods b|ad $lods v|ae $scas b|af $scas v
c2 *ret v,Iw|c3 *ret v|c4 les Gv,M T|c5 lds Gv,M T|c6/0 mov Eb,Ib|c7/0 mov Ev,Iz|c8 *enter v,Iw,Ib|c9 *leave v
ca ret_far v,Iw T|cb ret_far v T|cc int3 b T|cd int Ib T|ce into b T|cf iret v T|d6 salc|d7 @xlat
e0 *@loopne Jb|e1 *@loope Jb|e2 *@loop Jb|e3 *@jcxz Jb|e4 in Ab,Ib I|e5 in Av,Ib I|e6 out Ib,Ab I|e7 out Ib,Av I
e8 *call Jz|e9 jmp Jz|ea jmp_far Pv T|eb jmp Jb|ec in b I|ed in v I|ee out b I|ef out v I
f1 int1 b T|f4 hlt b P|f5 cmc|f6/0 test Eb,Ib|f6/1 test Eb,Ib|f6/2 not Eb|f6/3 neg Eb|f6/4 mul Eb|f6/5 imul1 Eb|f6/6 div Eb
f6/7 idiv Eb|f7/0 test Ev,Iz|f7/1 test Ev,Iz|f7/2 not Ev|f7/3 neg Ev|f7/4 mul Ev|f7/5 imul1 Ev|f7/6 div Ev|f7/7 idiv Ev
f8 clc|f9 stc|fa cli b I|fb sti b I|fc cld|fd std|fe/0 inc Eb|fe/1 dec Eb|ff/0 inc Ev|ff/1 dec Ev
ff/2 *call Ev|ff/3 call_far Mv T|ff/4 *jmp Ev|ff/5 jmp_far Mv T|ff/6 *push Ev
0f00/0 sldt Ev T|0f00/1 str Ev T|0f00/2 lldt Ew P|0f00/3 ltr Ew P|0f00/4 verr Ew T|0f00/5 verw Ew T
0f01/0 sgdt M T|0f01/1 sidt M T|0f01/2 lgdt M P|0f01/3 lidt M P|0f01/4 smsw Ev T|0f01/6 lmsw Ew P|0f01/7 invlpg M P
0f02 lar Gv,Ew T|0f03 lsl Gv,Ew T|0f06 clts b P|0f08 invd b P|0f09 wbinvd b P|0f0b ud2 b -|0f1f/0 nop Ev
0f20 mov_from_cr Rd P|0f21 mov_from_dr Rd P|0f22 mov_to_cr Rd P|0f23 mov_to_dr Rd P
0f30 wrmsr b P|0f31 rdtsc b T|0f32 rdmsr b P|0f33 rdpmc b T|0f34 sysenter b T|0f35 sysexit b P|0faa rsm b P
0fa0 push_seg Sfs T|0fa1 pop_seg Sfs T|0fa2 cpuid b T|0fa8 push_seg Sgs T|0fa9 pop_seg Sgs T
0fa4 shld Ev,Gv,Ib|0fa5 shld Ev,Gv,CL|0fac shrd Ev,Gv,Ib|0fad shrd Ev,Gv,CL|0faf imul Gv,Ev
0fb0 cmpxchg Eb,Gb|0fb1 cmpxchg Ev,Gv|0fb2 lss Gv,M T|0fb4 lfs Gv,M T|0fb5 lgs Gv,M T|0fb6 movzx Gv,Eb|0fb7 movzx Gv,Ew
0fbc bsf Gv,Ev|0fbd bsr Gv,Ev|0fbe movsx Gv,Eb|0fbf movsx Gv,Ew|0fc0 xadd Eb,Gb|0fc1 xadd Ev,Gv|0fc7/1 cmpxchg8b M`.split(
    /[|\n]/,
  ),
);

const CLASSES: Record<string, TrapClass> = {
  P: 'privileged',
  T: 'sensitive',
  I: 'iopl',
  '-': 'undefined',
  '?': 'missing',
};

/** x87 environment and state: their layout goes by the operand size. */
const WHOLE_STATE = new Set(['Me', 'Mf']);

/** One row of the table from its text. */
export function parseRow(line: string): Row {
  const [bytes, marked, third = '', fourth = ''] = line.split(' ');
  const [code, suffix] = bytes.split('/');
  const exact = suffix !== undefined && suffix.length > 1 ? Number.parseInt(suffix, 16) : -1;
  const digit = exact >= 0 ? undefined : suffix;
  let start = 0;
  while ('*$@'.includes(marked[start])) start++;
  const marks = marked.slice(0, start);
  const classOnly = third.length === 1 && third in CLASSES;
  const operands = classOnly || third === '' ? [] : third.split(',');
  return {
    opcode: Number.parseInt(code, 16),
    digit: digit === undefined ? -1 : Number(digit),
    escape: exact < 0 ? undefined : [exact, suffix.endsWith('+') ? exact + 7 : exact],
    mnemonic: marked.slice(start),
    operands: operands.filter((operand) => operand !== 'b' && operand !== 'v'),
    trapClass: CLASSES[classOnly ? third : fourth] ?? 'innocuous',
    stack: marks.includes('*'),
    string: marks.includes('$'),
    addressed: marks.includes('@'),
    sized: operands.some(
      (operand) => operand.endsWith('v') || operand.endsWith('z') || operand === 'Is' || WHOLE_STATE.has(operand),
    ),
    hasModrm: suffix !== undefined || operands.some((operand) => 'EGMR'.includes(operand[0])),
  };
}

/** All rows as text, in table order. */
export const ROW_TEXTS: readonly string[] = /* @__PURE__ */ [...lines, ...X87_LINES];
export const ROWS: readonly Row[] = /* @__PURE__ */ ROW_TEXTS.map(parseRow);
