/** `x` and `xp`: memory dumps in the form of QEMU's monitor. */
import { hex } from '../util/hex.ts';
import { debugRegister } from './register-table.ts';
import type { Registers } from './target.ts';

type Form = 'x' | 'o' | 'd' | 'u' | 'c';

export interface DumpRequest {
  readonly address: number;
  readonly count: number;
  readonly form: Form;
  readonly size: 1 | 2 | 4;
}

const SIZES = { b: 1, h: 2, w: 4 } as const;
/** Elements one command may print. */
const MAX_COUNT = 16_384;

/** `[/FMT] ADDRESS`; an answer that is a string says what is wrong. */
export function parseDump(argument: string, registers: Registers): DumpRequest | string {
  const [, format = '', expression = ''] = /^ ?(?:\/(\S*))? ?(.*)$/.exec(argument) ?? [];
  const parts = /^(\d*)([a-z]*)$/.exec(format);
  if (parts === null) return `invalid format: '${format}'`;
  let form: Form = 'x';
  let size: 1 | 2 | 4 = 4;
  let sized = false;
  for (const letter of parts[2]) {
    if (isForm(letter)) form = letter;
    else if (letter === 'b' || letter === 'h' || letter === 'w') {
      size = SIZES[letter];
      sized = true;
    } else return `invalid format letter: '${letter}'`;
  }
  if (form === 'c' && !sized) size = 1;
  const address = parseAddress(expression, registers);
  if (address === undefined) return `not an address: '${expression}'`;
  return { address, count: Math.min(parts[1] === '' ? 1 : Number(parts[1]), MAX_COUNT), form, size };
}

function isForm(letter: string): letter is Form {
  return 'xoduc'.includes(letter);
}

/** Numbers (0x…, decimal) and `$register`, joined by + and -. */
export function parseAddress(text: string, registers: Registers): number | undefined {
  if (text === '') return undefined;
  let sum = 0;
  for (const [, sign, term] of text.replace(/ /g, '').matchAll(/([+-]?)([^+-]*)/g)) {
    if (term === '' && sign === '') continue;
    const value = termValue(term, registers);
    if (value === undefined) return undefined;
    sum += sign === '-' ? -value : value;
  }
  return sum >>> 0;
}

function termValue(term: string, registers: Registers): number | undefined {
  if (/^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(term)) return Number(term);
  const value = term.startsWith('$') ? debugRegister(term.slice(1))?.read(registers) : undefined;
  return typeof value === 'number' ? value : undefined;
}

/** @param digits of the address column */
export function dumpMemory(
  { address, count, form, size }: DumpRequest,
  read: (address: number, length: number) => Uint8Array,
  digits: number,
): string {
  const perLine = (size === 1 ? 8 : 16) / size;
  let text = '';
  for (let done = 0; done < count; done += perLine) {
    const at = (address + done * size) >>> 0;
    const elements = Math.min(perLine, count - done);
    const bytes = read(at, elements * size);
    if (bytes.length < elements * size) return `${text}Cannot access memory\n`;
    text += `${hex(at).padStart(digits, '0')}:`;
    for (let i = 0; i < elements; i++) text += ` ${element(bytes.subarray(i * size, (i + 1) * size), form)}`;
    text += '\n';
  }
  return text;
}

function element(bytes: Uint8Array, form: Form): string {
  const bits = 8 * bytes.length;
  const value = bytes.reduceRight((total, byte) => total * 256 + byte, 0);
  switch (form) {
    case 'x':
      return `0x${hex(value, bits / 4)}`;
    case 'o':
      return `0${value.toString(8)}`.padStart(Math.floor((bits + 2) / 3));
    case 'u':
      return String(value).padStart(decimalWidth(bits));
    case 'd':
      return String(value >= 2 ** (bits - 1) ? value - 2 ** bits : value).padStart(decimalWidth(bits));
    case 'c':
      return character(value & 0xff);
  }
}

function decimalWidth(bits: number): number {
  return Math.floor((bits * 10 + 32) / 33);
}

const ESCAPES: Readonly<Record<number, string>> = { 39: "\\'", 92: '\\\\', 10: '\\n', 13: '\\r' };

function character(value: number): string {
  const printable = value >= 32 && value < 127 ? String.fromCharCode(value) : `\\x${hex(value, 2)}`;
  return `'${ESCAPES[value] ?? printable}'`;
}
