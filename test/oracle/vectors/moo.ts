/**
 * MOO 1.1, the file format of the SingleStepTests suites: little-endian chunks of a 4-byte id and a u32
 * length, nested in TEST. Only what a result can be compared with is read; bus cycles are not.
 *
 *   MOO  version.2 reserved.2 count.4 cpu.4          TEST index.4 then chunks:
 *   NAME length.4 text      BYTS count.4 bytes       INIT / FINA: RG32 | REGS, RAM, QUEU
 *   RG32 mask.4 u32...      REGS mask.2 u16...       RAM  count.4 (address.4 byte.1)...
 *   EXCP vector.1 (what follows, a bus address of the pushed flags, is off by one on an odd stack)
 */
import { UserError } from '../../../core/util/errors.ts';
import { undefinedFlags } from './undefined-flags.ts';
import type { MemoryRun, Vector } from './vector.ts';

/** Register order of the two chunk kinds. */
const RG32 = 'cr0 cr3 eax ebx ecx edx esi edi ebp esp cs ds es fs gs ss eip eflags dr6 dr7'.split(' ');
const REGS = 'eax ebx ecx edx cs ss ds es esp ebp esi edi eip eflags'.split(' ');
const GENERAL = 'eax ecx edx ebx esp ebp esi edi'.split(' ');
const SEGMENTS = 'es cs ss ds fs gs'.split(' ');
const COMPARED_FLAGS = 0xfd5;

type Values = Record<string, number>;
interface State {
  wide: boolean;
  registers: Values;
  memory: [address: number, value: number][];
}

function* chunks(view: DataView, start: number, end: number): Generator<{ id: string; at: number; end: number }> {
  let at = start;
  while (at + 8 <= end) {
    const id = String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, 4)).trim();
    const stop = at + 8 + view.getUint32(at + 4, true);
    if (stop > end) throw new UserError('vectors-damaged', `chunk ${id} at offset ${at} runs past its end`);
    yield { id, at: at + 8, end: stop };
    at = stop;
  }
}

function registers(view: DataView, at: number, names: string[], width: 2 | 4): Values {
  const read = (place: number) => (width === 2 ? view.getUint16(place, true) : view.getUint32(place, true));
  const mask = read(at);
  const values: Values = {};
  let place = at + width;
  names.forEach((name, bit) => {
    if ((mask >>> bit) & 1) {
      values[name] = read(place);
      place += width;
    }
  });
  return values;
}

function state(view: DataView, start: number, end: number): State {
  const result: State = { wide: false, registers: {}, memory: [] };
  for (const { id, at } of chunks(view, start, end)) {
    if (id === 'RG32') {
      result.registers = registers(view, at, RG32, 4);
      result.wide = true;
    }
    if (id === 'REGS') result.registers = registers(view, at, REGS, 2);
    if (id !== 'RAM') continue;
    for (let i = 0, place = at + 4; i < view.getUint32(at, true); i++, place += 5) {
      result.memory.push([view.getUint32(place, true), view.getUint8(place + 4)]);
    }
  }
  return result;
}

/** True when the instruction leaves a FLAGS image on the stack: an exception, PUSHF, INT3, INT, INTO. */
function pushes(vector: number | undefined, code: Uint8Array): boolean {
  return (
    vector !== undefined || [0x9c, 0xcc, 0xcd, 0xce].includes(code[code.length - 1]) || code[code.length - 2] === 0xcd
  );
}

function flagsImage({ ss, esp }: Values): number {
  return ss * 16 + ((esp - 2) & 0xffff);
}

function runs(memory: State['memory']): MemoryRun[] {
  return memory.map(([address, value]) => ({ address, bytes: Uint8Array.of(value) }));
}

function vectorOf(view: DataView, start: number, end: number, file: string): Vector {
  let name = '';
  let code: Uint8Array = new Uint8Array();
  let before: State = { wide: false, registers: {}, memory: [] };
  let after = before;
  let vector: number | undefined;
  for (const { id, at, end: stop } of chunks(view, start + 4, end)) {
    if (id === 'NAME') {
      name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at + 4, view.getUint32(at, true)));
    }
    // The bytes end with the HLT that stops the recorder.
    if (id === 'BYTS') code = new Uint8Array(view.buffer, view.byteOffset + at + 4, view.getUint32(at, true) - 1);
    if (id === 'INIT') before = state(view, at, stop);
    if (id === 'FINA') after = state(view, at, stop);
    if (id === 'EXCP') vector = view.getUint8(at);
  }
  // FINA lists only what changed.
  const final = { ...before.registers, ...after.registers };
  const pick = (names: string[], values: Values) => names.map((register) => values[register] ?? 0);
  return {
    name: `${file} #${view.getUint32(start, true)} ${name}`,
    form: file,
    mode: 'real',
    code,
    general: pick(GENERAL, before.registers),
    eip: before.registers.eip,
    eflags: before.registers.eflags,
    selectors: pick(SEGMENTS, before.registers),
    memory: runs(before.memory),
    expected: {
      general: pick(GENERAL, final),
      eip: final.eip,
      eflags: final.eflags,
      selectors: pick(SEGMENTS, final),
      memory: after.memory,
      vector,
    },
    flagMask: COMPARED_FLAGS & ~undefinedFlags(code, before.registers.ecx & 0xff),
    wordRegisters: !before.wide,
    pushedFlags: pushes(vector, code) ? flagsImage(before.registers) : undefined,
  };
}

/**
 * @param file its name, used as the name of the form
 * @throws UserError when the file is cut short
 */
export function parseMoo(bytes: Uint8Array, file: string): Vector[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const vectors: Vector[] = [];
  for (const { id, at, end } of chunks(view, 0, bytes.length)) {
    if (id === 'TEST') vectors.push(vectorOf(view, at, end, file));
  }
  return vectors;
}
