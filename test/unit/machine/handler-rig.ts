/** A machine with one hardware interrupt of its own: guest code at 1 MiB, a handler, and the line that calls it. */
import type { IrqLine } from '../../../core/bus/device.ts';
import type { Pic8259Pair } from '../../../core/devices/pic8259.ts';
import { DEFAULT_CONFIG, Machine } from '../../../core/index.ts';
import { CS } from '../../../core/isa/registers.ts';
import { buildTier0 } from '../../../core/vcpu/interpreter/build.ts';
import { program } from './program.ts';

const TIER0 = new WebAssembly.Module(buildTier0() as BufferSource);
const START = 0x100000;
const IDT = 0x8000;
const IRQ = 5;
/** Where a PC's firmware leaves the first interrupt controller. */
const VECTOR = 8 + IRQ;
/** Vector of #DB. */
const DEBUG = 1;

export const HANDLER = 0x7000;
export const dword = (value: number) => Array.from({ length: 4 }, (_, i) => (value >>> (8 * i)) & 0xff);
/** mov al,20h; out 20h,al; iret. */
export const END_OF_INTERRUPT = [0xb0, 0x20, 0xe6, 0x20, 0xcf];

export interface HandlerRig {
  readonly machine: Machine;
  readonly line: IrqLine;
  /** Where `code` begins, and EIP with it. */
  readonly entry: number;
}

/** `code` runs with interrupts on and every other request masked; #DB and the interrupt share the handler. */
export function handlerRig(tier: 0 | 1, code: readonly number[], handler: readonly number[]): HandlerRig {
  const setUp = [0xb0, 0xff & ~(1 << IRQ), 0xe6, 0x21, 0x0f, 0x01, 0x1d, ...dword(IDT - 6), 0xfb];
  const image = { name: 'code', bytes: program([...setUp, ...code]), append: '', modules: [] };
  const machine = new Machine({ ...DEFAULT_CONFIG, memory: 4, tier, image }, TIER0);
  const { context } = machine.vcpus[0];
  const gate = [...dword((context.selector(CS) << 16) | HANDLER), ...dword(0x8e00)];
  const load = (at: number, bytes: readonly number[]) => machine.physical.write('loader', at, Uint8Array.from(bytes));
  load(HANDLER, handler);
  load(IDT - 6, [0xff, 7, ...dword(IDT)]);
  load(IDT + 8 * VECTOR, gate);
  load(IDT + 8 * DEBUG, gate);
  const entry = START + setUp.length;
  while (context.eip !== entry) machine.run(1);
  return { machine, line: (machine.board.interrupts as Pic8259Pair).irq(IRQ), entry };
}
