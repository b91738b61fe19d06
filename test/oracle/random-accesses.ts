/** Random user-mode instructions with a memory operand or a stack access, encoded from the opcode table. */
import { ROWS, type Row } from '../../core/isa/opcodes.ts';
import type { HostCase } from './host-ring3.ts';
import { WINDOW_SIZE } from './host-ring3.ts';

/**
 * What goes elsewhere, loads what only one side's descriptor tables know, or traps to the host's kernel. CMPS and ARPL
 * too: of two accesses that both fault, processors report the one that they make first.
 */
const EXCLUDED = new Set(
  (
    'jmp call ret loop loope loopne jcxz wait iret ret_far call_far jmp_far int int1 int3 into popf hlt sysenter rdtsc cpuid ' +
    'cmps arpl rdpmc pop_seg mov_to_seg les lds lss lfs lgs lar lsl verr verw sldt str sgdt sidt smsw undefined ud2'
  ).split(' '),
);
const CANDIDATES: readonly Row[] = ROWS.filter(
  (row) =>
    (row.trapClass === 'innocuous' || row.trapClass === 'sensitive') &&
    !EXCLUDED.has(row.mnemonic) &&
    !row.mnemonic.startsWith('j') &&
    (row.hasModrm || row.stack || row.string || row.operands.some((operand) => operand.startsWith('O'))) &&
    !row.operands.some((operand) => 'XY'.includes(operand[0])) &&
    row.escape === undefined,
);

function little(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => (value >>> (8 * i)) & 0xff);
}

/** @param window 256 bytes of data, with as many around them; some 4 KiB behind it the data ends */
export function randomAccess(random: () => number, window: number): HostCase {
  const pick = (n: number) => Math.floor(random() * n);
  const end = (window | 0xfff) + 0x1001;
  const address = () => {
    const near = random() < 0.1 ? end - 24 + pick(48) : window + 64 + pick(128);
    const kept = random();
    return (kept < 0.45 ? near & ~7 : kept < 0.6 ? near & ~3 : kept < 0.7 ? near & ~1 : near) >>> 0;
  };
  const row = CANDIDATES[pick(CANDIDATES.length)];
  const bytes: number[] = [];
  const operand16 = random() < 0.3;
  if (operand16) bytes.push(0x66);
  if (row.string && random() < 0.4) bytes.push(random() < 0.5 ? 0xf2 : 0xf3);
  if (row.opcode >= 0xf00) bytes.push(0x0f);
  bytes.push(row.opcode & 0xff);
  if (row.hasModrm) {
    const reg = (row.digit >= 0 ? row.digit : row.mnemonic === 'mov_from_seg' ? pick(6) : pick(8)) << 3;
    const shape = pick(4);
    if (shape === 0) bytes.push(reg | 5, ...little(address(), 4));
    else if (shape === 1) bytes.push(0x44 | reg, 0x24, pick(2) * pick(16));
    else bytes.push(0x40 | reg | [3, 5, 6, 7][pick(4)], pick(2) * pick(16));
  }
  for (const operand of row.operands) {
    if (operand === 'Ib' || operand === 'Is') bytes.push(pick(256));
    else if (operand === 'Iw') bytes.push(...little(pick(64), 2));
    else if (operand === 'Iz') bytes.push(...little(pick(0x10000) * pick(0x10000), operand16 ? 2 : 4));
    else if (operand.startsWith('O')) bytes.push(...little(address(), 4));
  }
  const registers = Array.from({ length: 8 }, address);
  registers[0] = pick(64);
  registers[1] = pick(4);
  registers[2] = 0;
  return {
    code: Uint8Array.from({ length: 64 }, (_, i) => bytes[i] ?? 0xcc),
    registers,
    eflags: 0x40202 | (random() < 0.2 ? 0x400 : 0) | (pick(0x1000) & 0x8d5),
    window: Uint8Array.from({ length: WINDOW_SIZE }, () => pick(256)),
  };
}
