/** Random straight blocks of innocuous instructions, encoded from the opcode table; they end in HLT. */
import { ROWS, type Row } from '../../core/isa/opcodes.ts';

export interface RandomBlock {
  readonly code: Uint8Array;
  readonly registers: readonly number[];
  readonly eflags: number;
  /** Byte that the data area is filled with. */
  readonly fill: number;
}

/** Straight-line rows: no transfer of control except Jcc, whose displacement is 0. */
const TRANSFERS = new Set(['jmp', 'call', 'ret', 'loop', 'loope', 'loopne', 'jcxz', 'wait']);
const CANDIDATES: readonly Row[] = ROWS.filter(
  (row) => row.trapClass === 'innocuous' && !TRANSFERS.has(row.mnemonic) && (row.opcode < 0xd8 || row.opcode > 0xdf),
);
const INTERESTING = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const DATA = 0x10000;

function little(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => (value >>> (8 * i)) & 0xff);
}

export function randomBlock(random: () => number): RandomBlock {
  const pick = (n: number) => Math.floor(random() * n);
  const word = () => (random() < 0.3 ? INTERESTING[pick(INTERESTING.length)] : Math.floor(random() * 4294967296));
  const address = () => DATA + pick(0x6000);
  const bytes: number[] = [];
  const modrm = (row: Row, short: boolean): number[] => {
    const reg = row.digit >= 0 ? row.digit : pick(8);
    const memoryOnly = row.operands.some((operand) => operand.startsWith('M'));
    if (!memoryOnly && random() < 0.5) return [0xc0 | (reg << 3) | pick(8)];
    if (short) {
      const rm = pick(8);
      return rm === 6
        ? [(reg << 3) | 6, ...little(pick(0x10000), 2)]
        : [0x80 | (reg << 3) | rm, ...little(pick(0x10000), 2)];
    }
    const shape = random();
    if (shape < 0.5) return [(reg << 3) | 5, ...little(address(), 4)];
    const rm = pick(8);
    const sib = rm === 4 ? [pick(256)] : [];
    return [0x40 | (reg << 3) | rm, ...sib, pick(256)];
  };
  const one = (): number[] => {
    const row = CANDIDATES[pick(CANDIDATES.length)];
    const out: number[] = [];
    const operand16 = random() < 0.25;
    const short = random() < 0.05;
    if (operand16) out.push(0x66);
    if (short) out.push(0x67);
    if (random() < 0.05) out.push([0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65][pick(6)]);
    if (row.string && random() < 0.3) out.push(random() < 0.5 ? 0xf2 : 0xf3);
    if (row.opcode >= 0xf00) out.push(0x0f);
    out.push(row.opcode & 0xff);
    if (row.hasModrm) out.push(...modrm(row, short));
    for (const operand of row.operands) {
      if (operand === 'Ib' || operand === 'Is') out.push(pick(256));
      else if (operand === 'Iw') out.push(...little(pick(64), 2));
      else if (operand === 'Iz') out.push(...little(word(), operand16 ? 2 : 4));
      else if (operand === 'Jb') out.push(0);
      else if (operand === 'Jz') out.push(...little(0, operand16 ? 2 : 4));
      else if (operand.startsWith('O')) out.push(...little(short ? pick(0x10000) : address(), short ? 2 : 4));
    }
    return out;
  };
  const count = 2 + pick(7);
  for (let i = 0; i < count; i++) {
    const next = one();
    if (bytes.length + next.length < 120) bytes.push(...next);
  }
  bytes.push(0xf4);
  const registers = Array.from({ length: 8 }, () => (random() < 0.5 ? address() : word()));
  registers[1] = random() < 0.5 ? pick(20) : registers[1];
  registers[4] = 0x13000 + pick(0x800);
  return { code: new Uint8Array(bytes), registers, eflags: 2 | (pick(0x10000) & 0xcd5), fill: pick(256) };
}
