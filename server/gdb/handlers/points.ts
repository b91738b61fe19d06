/** Z0–Z4 and z: breakpoints and watchpoints. Nothing is written to the guest, and none is too many. */
import { hexToBytes } from '../../../core/index.ts';
import { type Command, command } from '../command.ts';
import type { PointType } from '../point-table.ts';
import { type Answer, EMPTY, INVALID, OK, type Stub } from '../stub.ts';
import { hexNumber } from '../text.ts';

/** Longest range one watchpoint may cover. */
const MAX_WATCH = 0x10000;

interface PointArgs {
  readonly type: PointType;
  readonly address: number;
  readonly length: number;
  readonly conditions: readonly Uint8Array[];
}

/** `type,address,kind[;X<length>,<bytecode>…]`; an unknown type is a question whether it exists. */
function parse(rest: string): PointArgs | 'unknown-type' | undefined {
  const [point, ...options] = rest.split(';');
  const [typeText, addressText, kindText, ...more] = point.split(',');
  if (!/^[0-9]$/.test(typeText ?? '')) return undefined;
  const type = Number(typeText);
  if (type > 4) return 'unknown-type';
  const address = hexNumber(addressText ?? '');
  const length = hexNumber(kindText ?? '');
  if (address === undefined || length === undefined || more.length > 0) return undefined;
  const conditions = parseConditions(options);
  return conditions && { type: type as PointType, address, length, conditions };
}

/** Conditions follow each other without a separator: `X3,220127X3,220027`. */
function parseConditions(options: readonly string[]): Uint8Array[] | undefined {
  const conditions: Uint8Array[] = [];
  for (const option of options) {
    let rest = option;
    while (rest !== '') {
      const [head, count] = /^X([0-9a-fA-F]{1,4}),/.exec(rest) ?? [];
      if (head === undefined) return undefined;
      const digits = 2 * Number.parseInt(count, 16);
      const bytes = hexToBytes(rest.slice(head.length, head.length + digits));
      if (bytes === undefined || bytes.length * 2 !== digits) return undefined;
      conditions.push(bytes);
      rest = rest.slice(head.length + digits);
    }
  }
  return conditions;
}

async function insert(stub: Stub, args: PointArgs | 'unknown-type'): Promise<Answer> {
  if (args === 'unknown-type') return EMPTY;
  const { type, address, length, conditions } = args;
  if (type >= 2 && (length === 0 || length > MAX_WATCH || address + length > 2 ** 32)) return INVALID;
  return (await stub.points.insert(type, address, length, conditions)) ? OK : EMPTY;
}

async function remove(stub: Stub, args: PointArgs | 'unknown-type'): Promise<Answer> {
  if (args === 'unknown-type') return EMPTY;
  await stub.points.remove(args.type, args.address, args.length);
  return OK;
}

export const pointCommands: readonly Command[] = [command('Z', parse, insert), command('z', parse, remove)];
