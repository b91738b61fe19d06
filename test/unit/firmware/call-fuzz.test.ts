/**
 * Firmware calls with whatever a guest may leave in registers, stack, vectors and data area: each ends, in
 * bounded time, and the machine can still be saved. Seeded.
 */
import { expect, it } from 'vitest';
import { GENERAL_NAMES, type Machine } from '../../../core/index.ts';
import { bootSector } from '../../guests/build.ts';
import { machineOf } from './real-mode.ts';

const ROUNDS = 3000;
const VECTORS = [0x08, 0x09, 0x10, 0x10, 0x10, 0x11, 0x12, 0x13, 0x13, 0x14, 0x15, 0x15, 0x16, 0x17, 0x19, 0x1a, 0x70];
const INTERESTING = [0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x3ff, 0x7fff, 0x8000, 0xf000, 0xffff];
const SLOWEST_MS = 3000;
const STEPS = 400;

let seed = 0x1badcafe;
function random(limit: number): number {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return (seed >>> 0) % limit;
}

function word(): number {
  return random(3) === 0 ? random(0x10000) : INTERESTING[random(INTERESTING.length)];
}

function prepare(machine: Machine, vector: number): void {
  const { physical } = machine;
  physical.write('debugger', 0x600, Uint8Array.of(0xcd, vector, 0xf4, 0xeb, 0xfe));
  // Damage to the data area, now and then.
  for (let n = random(4); n > 0; n--) physical.write('debugger', 0x400 + random(0x100), Uint8Array.of(random(256)));
  const write = (name: string, value: number) =>
    machine.input({ kind: 'register', vcpu: 0, name, value: [value & 0xff, value >>> 8, 0, 0] });
  for (const name of GENERAL_NAMES) write(name, word());
  if (random(4) > 0) write('esp', 0x7000);
  write('eax', (random(random(2) === 0 ? 0x20 : 0x100) << 8) | random(256));
  write('edx', random(2) === 0 ? random(4) | (random(2) << 7) : word());
  for (const name of ['es', 'ds']) write(name, random(2) === 0 ? 0 : word());
  write('ss', 0);
  write('cs', 0);
  write('eip', 0x600);
}

it('no registers and no data area break a firmware call', () => {
  const image = new Uint8Array(1_474_560);
  image.set(bootSector('cli; hlt'));
  const hard = new Uint8Array(1 << 20);
  const machine = machineOf(image, { memory: 1, onReset: 'reboot', disks: [{ drive: 'hda', name: 'h', bytes: hard }] });
  machine.run(STEPS);
  for (let round = 0; round < ROUNDS; round++) {
    const vector = VECTORS[random(VECTORS.length)];
    // A guest that overwrote its vectors or its stack is started afresh.
    if (round % 20 === 0 || machine.vcpus[0].cpu.protectedMode || machine.vcpus[0].cpu.shutdown) {
      machine.reset();
      machine.run(STEPS);
    }
    prepare(machine, vector);
    const began = performance.now();
    const event = machine.run(STEPS);
    const took = performance.now() - began;
    if (took > SLOWEST_MS) throw new Error(`round ${round}, INT ${vector.toString(16)}h took ${took} ms`);
    expect(['slice', 'idle', 'poweroff', 'reset', 'triple-fault', 'refused', 'exit']).toContain(event.kind);
  }
  const state = structuredClone(machine.save());
  const copy = machineOf(image, { memory: 1, onReset: 'reboot', disks: [{ drive: 'hda', name: 'h', bytes: hard }] });
  copy.load(state);
  expect(copy.stateHash()).toBe(machine.stateHash());
}, 120_000);
