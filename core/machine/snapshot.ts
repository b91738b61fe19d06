/**
 * A machine's whole state as plain data: what `load` needs to go on exactly where `save` was called, and
 * nothing else. Caches, statistics, points and listeners are not state. RAM pages that are zero are left out.
 */
import type { DeviceState } from '../bus/device.ts';
import { UserError } from '../util/errors.ts';
import { allZero } from '../util/words.ts';
import { loadContext, saveContext } from './context-state.ts';
import type { MachineParts } from './parts.ts';
import { StateHash } from './state-hash.ts';
import type { Vcpu } from './vcpu.ts';

const VERSION = 1;
const PAGE = 4096;
const PAGE_WORDS = PAGE / 4;

export interface VcpuState {
  readonly steps: number;
  readonly registers: DeviceState;
  readonly cpu: DeviceState;
}

export interface MachineState {
  readonly version: number;
  /** What the machine must be made of to take this state. */
  readonly memory: number;
  readonly vga: string;
  readonly clock: DeviceState;
  readonly vcpus: readonly VcpuState[];
  readonly devices: { readonly [name: string]: DeviceState };
  /** Physical page number and content, ascending. */
  readonly ram: readonly { readonly page: number; readonly bytes: Uint8Array }[];
}

export function saveMachine(machine: MachineParts): MachineState {
  const ram: { page: number; bytes: Uint8Array }[] = [];
  forEachUsedPage(machine, (page, start) => {
    ram.push({ page, bytes: machine.memory.u8.slice(start * 4, start * 4 + PAGE) });
  });
  return { version: VERSION, ...saveWithoutRam(machine), ram };
}

function saveWithoutRam(machine: MachineParts): Omit<MachineState, 'version' | 'ram'> {
  return {
    memory: machine.config.memory,
    vga: machine.config.vga,
    clock: machine.clock.save(),
    vcpus: machine.vcpus.map((vcpu) => ({
      steps: vcpu.vmm.steps,
      registers: saveContext(vcpu.context),
      cpu: vcpu.cpu.save(),
    })),
    devices: Object.fromEntries(machine.devices.map((device) => [device.name, device.save()])),
  };
}

/** @throws UserError; the shape is checked before anything changes, a device's own fields as it loads them */
export function loadMachine(machine: MachineParts, state: MachineState): void {
  check(machine, state);
  machine.physical.clear();
  for (const { page, bytes } of state.ram) machine.physical.write('load', page * PAGE, bytes);
  machine.clock.load(state.clock);
  for (const device of machine.devices) device.load(state.devices[device.name]);
  state.vcpus.forEach((saved, index) => loadVcpu(machine.vcpus[index], saved));
}

function loadVcpu({ context, cpu, engine, space, vmm }: Vcpu, saved: VcpuState): void {
  loadContext(context, saved.registers);
  cpu.load(saved.cpu);
  vmm.steps = saved.steps;
  space.flushAll();
  engine.flush();
  vmm.stateLoaded();
}

function check(machine: MachineParts, state: MachineState): void {
  if (typeof state !== 'object' || state === null || state.version !== VERSION) {
    throw new UserError('state-version', 'this is no saved state of this version');
  }
  const { memory, vga } = machine.config;
  if (state.memory !== memory || state.vga !== vga) {
    throw new UserError(
      'state-config',
      `the state is of a machine with ${state.memory} MiB and vga ${state.vga}`,
      'use the same configuration',
    );
  }
  if (!Array.isArray(state.vcpus) || state.vcpus.length !== machine.vcpus.length) throw damaged('vCPUs');
  for (const vcpu of state.vcpus) if (!Number.isSafeInteger(vcpu?.steps) || vcpu.steps < 0) throw damaged('step count');
  const names = Object.keys(state.devices ?? {});
  if (names.length !== machine.devices.length || machine.devices.some(({ name }) => !names.includes(name)))
    throw damaged('devices');
  if (!Array.isArray(state.ram)) throw damaged('memory');
  for (const { page, bytes } of state.ram) {
    const fits = Number.isInteger(page) && page >= 0 && (page + 1) * PAGE <= machine.physical.ramBytes;
    if (!fits || !(bytes instanceof Uint8Array) || bytes.length !== PAGE) throw damaged('memory');
  }
}

function damaged(what: string): UserError {
  return new UserError('state-invalid', `the saved state has no usable ${what}`, 'the snapshot is damaged');
}

/** See `Machine.stateHash`. Position counts, and so does everything a guest could ever notice. */
export function hashMachine(machine: MachineParts): string {
  const hash = new StateHash();
  const { clock, vcpus, devices } = saveWithoutRam(machine);
  hash.value(clock);
  for (const vcpu of vcpus) hash.value({ ...vcpu });
  hash.value({ ...devices });
  const { u32 } = machine.memory;
  forEachUsedPage(machine, (page, start) => {
    hash.word(page);
    hash.words(u32, start, start + PAGE_WORDS);
  });
  return hash.digest();
}

/** Visits the RAM pages that are not all zero: page number, and index of the first word in the word view. */
function forEachUsedPage(
  { memory: { u32 }, physical }: MachineParts,
  visit: (page: number, start: number) => void,
): void {
  for (const page of physical.pagesInUse()) {
    const start = physical.hostPage(page) * PAGE_WORDS;
    if (!allZero(u32, start, start + PAGE_WORDS)) visit(page, start);
  }
}
