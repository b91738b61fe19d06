/**
 * Forms: what is left of an instruction once the bytes are gone. A form names a meaning, an operand size
 * and where the operands come from; each has one handler in tier 0. Both the generator of the module and
 * the decoder at run time enumerate forms from the opcode table by the functions below, so their numbers
 * agree by construction.
 *
 * Operand shapes, one letter an operand: r register · m memory through flat segments with 32-bit addressing
 * · g memory in general (any segment, limits checked, either address size) · i immediate or constant · c CL
 * · j relative target · x ST(i) · y ST(i) as the destination.
 */
import { ROWS, type Row } from './opcodes.ts';
import { isX87 } from './opcodes-x87.ts';

export interface Form {
  readonly key: string;
  readonly mnemonic: string;
  /** Operand size in bytes: 1, 2 or 4. */
  readonly size: number;
  readonly shapes: string;
  /** Bytes of each operand. */
  readonly sizes: readonly number[];
  /** Flat stack and code segments; false: everything is checked. */
  readonly flat: boolean;
  /** Memory shape for rows that address memory implicitly: m or g. */
  readonly addressing: 'm' | 'g' | '';
  /** 0 none, 1 REP/REPE, 2 REPNE. */
  readonly repeat: number;
}

/** How an encoding was met. */
export interface Encoding {
  readonly operandSize: number;
  /** Register or memory of the E operand; `m` also stands for flat implicit addressing. */
  readonly place: 'r' | 'm' | 'g';
  readonly flat: boolean;
  readonly repeat: number;
}

function operandBytes(code: string, operandSize: number): number {
  if (code === 'CL' || code === '1') return 1;
  const size = code.at(-1);
  if (size === 'b') return 1;
  if (size === 'w') return 2;
  if (size === 'd') return 4;
  if (size === 'q') return 8;
  if (size === 't') return 10;
  if (size === 'e') return operandSize === 4 ? 28 : 14;
  if (size === 'f') return operandSize === 4 ? 108 : 94;
  return operandSize;
}

function operandShape(code: string, place: 'r' | 'm' | 'g'): string {
  switch (code[0]) {
    case 'E':
      return place;
    case 'M':
    case 'O':
      return place === 'r' ? 'm' : place;
    case 'I':
    case '1':
      return 'i';
    case 'C':
      return 'c';
    case 'X':
      return 'x';
    case 'Y':
      return 'y';
    case 'J':
      return 'j';
    default:
      return 'r';
  }
}

/** The form of a row met in a certain encoding. */
export function formOf(row: Row, encoding: Encoding): Form {
  const byteOnly = !row.sized;
  const size = byteOnly ? 1 : encoding.operandSize;
  const shapes = row.operands.map((code) => operandShape(code, encoding.place)).join('');
  const sizes = row.operands.map((code) => operandBytes(code, size));
  const implicit = row.string || row.addressed;
  const addressing = implicit ? (encoding.place === 'g' ? 'g' : 'm') : '';
  const flat = row.stack ? encoding.flat : true;
  const repeat = row.string ? encoding.repeat : 0;
  const extending = row.operands.length === 2 && sizes[1] !== sizes[0] && row.mnemonic.startsWith('mov');
  const other = extending ? sizes[1] : isX87(row.opcode) && row.operands[0]?.startsWith('M') ? sizes[0] : undefined;
  const key = `${row.mnemonic}${size * 8}${shapes === '' ? '' : `.${shapes}`}${other === undefined ? '' : `.${other * 8}`}${addressing === '' ? '' : `.${addressing}`}${row.stack ? (flat ? '.f' : '.s') : ''}${repeat ? `.rep${repeat}` : ''}`;
  return { key, mnemonic: row.mnemonic, size, shapes, sizes, flat, addressing, repeat };
}

/** Every encoding in which `row` can be met by direct execution. */
export function encodingsOf(row: Row): Encoding[] {
  const takesMemory = row.operands.some((code) => /^[EMO]/.test(code)) || row.string || row.addressed;
  const takesRegister = !row.operands.some((code) => /^[MO]/.test(code)) && !row.string && !row.addressed;
  const places: ('r' | 'm' | 'g')[] = [
    ...(takesRegister ? (['r'] as const) : []),
    ...(takesMemory ? (['m', 'g'] as const) : []),
  ];
  const repeats = !row.string ? [0] : row.mnemonic === 'cmps' || row.mnemonic === 'scas' ? [0, 1, 2] : [0, 1];
  const encodings: Encoding[] = [];
  for (const operandSize of row.sized ? [4, 2] : [4])
    for (const place of places)
      for (const flat of row.stack ? [true, false] : [true])
        for (const repeat of repeats) encodings.push({ operandSize, place, flat, repeat });
  return encodings;
}

/** All forms that run directly, each once, in table order. */
export function allForms(): Form[] {
  const forms = new Map<string, Form>();
  for (const row of ROWS) {
    if (row.trapClass !== 'innocuous') continue;
    for (const encoding of encodingsOf(row)) {
      const form = formOf(row, encoding);
      if (!forms.has(form.key)) forms.set(form.key, form);
    }
  }
  return [...forms.values()];
}
