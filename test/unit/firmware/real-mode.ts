/** Boot sectors written in the test, run on a machine with the built-in firmware until they end. */
import { DEFAULT_CONFIG, Machine, type MachineConfig } from '../../../core/index.ts';
import { buildTier0 } from '../../../core/vcpu/interpreter/build.ts';
import { bootSector } from '../../guests/build.ts';

const TIER0 = new WebAssembly.Module(buildTier0() as BufferSource);
const LIMIT = 20_000_000;

/** Ends a guest by port F4h; AX and DX are lost. */
export const EXIT = 'mov $0xf4, %dx; out %al, %dx; hlt';

/**
 * Keeps the registers an interrupt left where `Ran` finds them: FLAGS AX BX CX DX SI DI BP ES, below 7C00h.
 * DS must be 0.
 */
export const KEEP = `
  pushf; popw 0x7000
  mov %ax, 0x7002; mov %bx, 0x7004; mov %cx, 0x7006; mov %dx, 0x7008
  mov %si, 0x700a; mov %di, 0x700c; mov %bp, 0x700e; mov %es, 0x7010
`;
export const START = 'xor %ax, %ax; mov %ax, %ds; mov %ax, %es; mov %ax, %ss; mov $0x6000, %sp\n';

export interface Kept {
  readonly carry: boolean;
  readonly zero: boolean;
  readonly ax: number;
  readonly bx: number;
  readonly cx: number;
  readonly dx: number;
  readonly si: number;
  readonly di: number;
  readonly bp: number;
  readonly es: number;
}

export function machineOf(image: Uint8Array, config: Partial<MachineConfig> = {}): Machine {
  const boots = { name: 'boot.img', bytes: image, append: '', modules: [] };
  return new Machine({ ...DEFAULT_CONFIG, memory: 4, image: boots, ...config }, TIER0);
}

/** Runs until the guest ends; throws when it does not. */
export function finish(machine: Machine): void {
  const event = machine.run(LIMIT);
  if (event.kind !== 'exit') throw new Error(`the guest did not end: ${JSON.stringify(event)}`);
}

/** Runs one piece of code from the boot sector on and answers what KEEP kept behind it. */
export function runSector(code: string, config: Partial<MachineConfig> = {}): { machine: Machine; kept: Kept } {
  const machine = machineOf(bootSector(`${START}${code}\n${KEEP}\n${EXIT}`), config);
  finish(machine);
  return { machine, kept: keptOf(machine) };
}

export function keptOf(machine: Machine): Kept {
  const [flags, ax, bx, cx, dx, si, di, bp, es] = words(machine, 0x7000, 9);
  return { carry: (flags & 1) !== 0, zero: (flags & 0x40) !== 0, ax, bx, cx, dx, si, di, bp, es };
}

export function words(machine: Machine, physical: number, count: number): number[] {
  const bytes = machine.physical.read(physical, 2 * count);
  return Array.from({ length: count }, (_, i) => bytes[2 * i] | (bytes[2 * i + 1] << 8));
}
