/**
 * Device states for the scope Machine: whatever a device saves, field by field, so that a new device needs
 * nothing here. A few fields of the devices that people look at most get their bits named.
 */
import { bytesToHex, hex0x, type StateValue } from '../core/index.ts';
import type { Debuggee } from './debuggee.ts';
import { type ExplorerTree, fact, type Node, slice, type Variable } from './explorer-tree.ts';

const TITLES: Readonly<Record<string, string>> = {
  pic: 'two 8259 interrupt controllers',
  pit: '8254 timer',
  uart0: '16550 serial port COM1',
  i8042: 'keyboard controller',
  rtc: 'MC146818 clock and CMOS',
  vga: 'display adapter',
  port92: 'system control port 92h',
  coprocessor: 'x87 error port F0h',
};

/** Bit names, lowest first, by the end of the field's path. */
const BITS: readonly (readonly [path: RegExp, names: string])[] = [
  [/^pic master (lines|irr|isr|imr|level)$/, 'IRQ0 IRQ1 IRQ2 IRQ3 IRQ4 IRQ5 IRQ6 IRQ7'],
  [/^pic slave (lines|irr|isr|imr|level)$/, 'IRQ8 IRQ9 IRQ10 IRQ11 IRQ12 IRQ13 IRQ14 IRQ15'],
  [/^uart\d ier$/, 'received-data transmitter-empty line-status modem-status'],
  [/^uart\d mcr$/, 'DTR RTS OUT1 OUT2 loop'],
];
const SHOWN_BYTES = 32;

export function devicesNode(debuggee: Debuggee, tree: ExplorerTree): Node {
  return {
    list: async () => {
      const devices = (await debuggee.target.devices?.()) ?? [];
      return devices.map(({ name, state }) =>
        fact(name, TITLES[name] ?? `${Object.keys(state).length - 1} fields`, {
          variablesReference: tree.open(`device ${name}`, { list: async () => fields(name, current, tree) }),
        }),
      );
      function current(path: string): Promise<StateValue | undefined> {
        return stateAt(path, debuggee);
      }
    },
  };
}

type Read = (path: string) => Promise<StateValue | undefined>;

/** The state is asked for again at each listing: the node outlives the stop that made it. */
async function stateAt(path: string, debuggee: Debuggee): Promise<StateValue | undefined> {
  const [name, ...parts] = path.split(' ');
  let value: StateValue | undefined = (await debuggee.target.devices?.())?.find((one) => one.name === name)?.state;
  for (const part of parts) {
    if (Array.isArray(value)) value = value[Number(part)];
    else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) value = value[part];
    else return undefined;
  }
  return value;
}

async function fields(path: string, read: Read, tree: ExplorerTree): Promise<Variable[]> {
  const value = await read(path);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  const names = Object.entries(value).filter(([name]) => name !== 'version');
  return names.map(([name, part]) => show(`${path} ${name}`, name, part, read, tree));
}

function show(path: string, name: string, value: StateValue, read: Read, tree: ExplorerTree): Variable {
  if (typeof value === 'number') return fact(name, numberText(path, value));
  if (value instanceof Uint8Array) return fact(name, bytesText(value), { type: `${value.length} bytes` });
  if (typeof value !== 'object' || value === null) return fact(name, String(value));
  const count = Array.isArray(value) ? value.length : Object.keys(value).length;
  if (count === 0) return fact(name, 'empty');
  const node: Node = { list: async (range) => slice(await fields(path, read, tree), range) };
  return fact(name, Array.isArray(value) ? `${count} entries` : '', {
    variablesReference: tree.open(`device ${path}`, node),
    indexedVariables: Array.isArray(value) ? count : undefined,
  });
}

function numberText(path: string, value: number): string {
  if (value < 0 || value > 0xffff_ffff || !Number.isInteger(value)) return String(value);
  const digits = value > 0xffff ? 8 : value > 0xff ? 4 : 2;
  const names = BITS.find(([pattern]) => pattern.test(path))?.[1].split(' ');
  const set = names?.filter((_, bit) => (value >>> bit) & 1).join(' ');
  return `${hex0x(value, digits)}${set === undefined ? ` (${value})` : set === '' ? '' : ` ${set}`}`;
}

function bytesText(bytes: Uint8Array): string {
  const shown = bytesToHex(bytes.subarray(0, SHOWN_BYTES)).replace(/(..)(?=.)/g, '$1 ');
  return bytes.length > SHOWN_BYTES ? `${shown} …` : shown;
}
