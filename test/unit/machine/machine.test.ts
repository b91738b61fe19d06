/** The machine around its engine: time, idling, inputs, points, reset, saved state, several in one process. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG, type InputLog, Machine, type MachineConfig, Replay, UserError } from '../../../core/index.ts';
import { buildTier0 } from '../../../core/vcpu/interpreter/build.ts';
import { program } from './program.ts';

const TIER0 = new WebAssembly.Module(buildTier0() as BufferSource);

/** A machine that is about to execute `code` at 1 MiB in flat protected mode. */
function machineOf(code: readonly number[], config: Partial<MachineConfig> = {}): Machine {
  const image = { name: 'code', bytes: program(code), append: '', modules: [] };
  return new Machine({ ...DEFAULT_CONFIG, memory: 4, image, ...config }, TIER0);
}

const NOP = 0x90;
const HLT = 0xf4;
const CLI = 0xfa;
const STI = 0xfb;
const SPIN = [0xeb, 0xfe];
/** mov $value, %al; out %al, $port */
const outByte = (port: number, value: number) => [0xb0, value, 0xe6, port];
const START = 0x100000;

describe('running', () => {
  it('takes exactly the steps asked for, and the clock follows', () => {
    const machine = machineOf(SPIN);
    expect(machine.run(12_345).kind).toBe('slice');
    expect([machine.steps, machine.clock.now()]).toEqual([12_345, 12_345]);
    expect(machine.run(0).kind).toBe('slice');
    expect(machine.steps).toBe(12_345);
  });

  it('comes back at a tick', () => {
    const machine = machineOf(SPIN);
    machine.run(1_000_000, { untilTick: 777 });
    expect(machine.clock.now()).toBe(777);
  });

  it('fires a timer armed by an instruction at its tick, also within a quantum', () => {
    const machine = machineOf([...outByte(0x80, 1), ...SPIN]);
    const fired: number[] = [];
    const timer = machine.clock.timer('test', () => fired.push(machine.clock.now()));
    machine.ports.map(0x80, 1, {
      name: 'armer',
      readPort: () => 0,
      writePort: () => timer.arm(machine.clock.now() + 10),
      reset() {},
      save: () => ({ version: 1 }),
      load() {},
    });
    machine.run(10_000);
    // The second instruction sees the clock at one retired step.
    expect(fired).toEqual([11]);
  });

  it('says that a guest halted for good', () => {
    const machine = machineOf([CLI, HLT]);
    expect(machine.run(1000)).toEqual({ kind: 'idle', dead: true });
    expect(machine.dead).toBe(true);
    // Also to who would let time pass: it brings nothing.
    expect(machine.run(1000, { untilTick: 5_000_000 })).toEqual({ kind: 'idle', dead: true });
    expect([machine.steps, machine.clock.now()]).toEqual([2, 2]);
  });

  it('lets time pass for a halted guest up to the tick asked for', () => {
    // The firmware's timer still runs: its interrupt is masked, and then it is stopped.
    const machine = machineOf([...outByte(0x21, 0xff), ...outByte(0x43, 0x30), STI, HLT]);
    expect(machine.run(1000)).toEqual({ kind: 'idle', dead: false });
    expect(machine.run(1000, { untilTick: 5_000_000 }).kind).toBe('slice');
    expect([machine.steps, machine.clock.now()]).toEqual([6, 5_000_000]);
  });
});

describe('what a guest asks for', () => {
  it('comes back once its instruction has retired', () => {
    const machine = machineOf([...outByte(0xf4, 3), NOP, ...SPIN]);
    expect(machine.run(1000)).toEqual({ kind: 'exit', status: 7 });
    expect(machine.steps).toBe(2);
    expect(machine.vcpus[0].context.eip).toBe(START + 4);
  });

  it('is a reset that boots again, with time going on', () => {
    // lock inc once; then reset through the keyboard controller
    const machine = machineOf([0xff, 0x05, 0x00, 0x80, 0x00, 0x00, ...outByte(0x64, 0xfe), ...SPIN]);
    expect(machine.run(1000).kind).toBe('reset');
    expect(machine.steps).toBe(3);
    expect(machine.vcpus[0].context.eip).toBe(START);
    expect(machine.physical.word(0x8000)).toBe(0);
    expect(machine.run(1000).kind).toBe('reset');
    expect(machine.clock.now()).toBe(6);
  });

  it('leaves everything as it is when a reset is to stop', () => {
    const machine = machineOf([...outByte(0x64, 0xfe), ...SPIN], { onReset: 'stop' });
    expect(machine.run(1000).kind).toBe('reset');
    expect(machine.vcpus[0].context.eip).toBe(START + 4);
  });

  it('is output, heard at its step', () => {
    const machine = machineOf([...outByte(0xe9, 65), ...outByte(0xe9, 66), ...SPIN]);
    const heard: string[] = [];
    const stop = machine.onOutput((channel, byte) => heard.push(`${channel} ${byte} at ${machine.steps}`));
    machine.run(3);
    machine.run(1);
    stop();
    expect(heard).toEqual(['debugcon 65 at 1', 'debugcon 66 at 3']);
  });
});

describe('points', () => {
  it('stop at code, ports, data and vectors', () => {
    const store = [0xa2, 0x00, 0x90, 0x00, 0x00];
    const machine = machineOf([NOP, ...outByte(0x80, 5), ...store, 0xcc]);
    machine.setCodePoints(new Set([START + 1]));
    machine.setPortPoints([{ id: 7, port: 0x80, length: 1, access: 'write' }]);
    machine.setDataPoints([{ id: 8, space: 'linear', address: 0x9000, length: 4, access: 'write' }]);
    machine.setVectorPoints([{ vector: 3, source: 'software' }]);
    expect(machine.run(100)).toEqual({ kind: 'break' });
    expect(machine.steps).toBe(1);
    expect(machine.run(100, { skipBreak: true })).toEqual({
      kind: 'port',
      hits: [{ id: 7, address: 0x80, size: 1, kind: 'write', value: 5 }],
    });
    expect(machine.run(100)).toMatchObject({ kind: 'watch', hits: [{ id: 8, address: 0x9000, size: 1, value: 5 }] });
    expect(machine.run(100)).toMatchObject({ kind: 'vector', source: 'software', fault: { vector: 3 } });
    expect(machine.run(100).kind).toBe('triple-fault');
  });

  it('stop at a change of mode', () => {
    // mov %cr3, %eax; mov %eax, %cr3; mov $0x1000, %eax; mov %eax, %cr3
    const machine = machineOf([0xb8, 0, 0x10, 0, 0, 0x0f, 0x22, 0xd8, ...SPIN]);
    machine.setModePoints(['cr3']);
    expect(machine.run(100)).toEqual({ kind: 'mode', changes: ['cr3'] });
    expect(machine.steps).toBe(2);
  });
});

describe('inputs', () => {
  it('are applied, logged with their position, and refused in words', () => {
    const machine = machineOf(SPIN);
    machine.run(5);
    expect(machine.input({ kind: 'memory', physical: 0x9000, bytes: [1, 2] })).toEqual({ ok: true });
    expect(machine.input({ kind: 'register', vcpu: 0, name: 'ecx', value: [0x78, 0x56, 0x34, 0x12] })).toEqual({
      ok: true,
    });
    expect(machine.input({ kind: 'register', vcpu: 0, name: 'cr0', value: [0, 0, 0, 0x80] })).toMatchObject({
      ok: false,
    });
    expect(machine.input({ kind: 'memory', physical: 0xf0000000, bytes: [1] })).toMatchObject({ ok: false });
    expect(machine.vcpus[0].context.register(1)).toBe(0x12345678);
    expect(machine.inputLog.records).toEqual([
      { kind: 'memory', physical: 0x9000, bytes: [1, 2], step: 5, tick: 5, deliveries: 0 },
      { kind: 'register', vcpu: 0, name: 'ecx', value: [0x78, 0x56, 0x34, 0x12], step: 5, tick: 5, deliveries: 0 },
    ]);
  });

  it.each([
    ['eip', 0x100010],
    ['eflags', 0x246],
    ['esi', 7],
    ['cr3', 0x5000],
    ['cr2', 9],
    ['gdtr_base', 0x700],
    ['idtr_limit', 0x7ff],
    ['dr0', 0x1234],
    ['fctrl', 0x37f],
    ['fstat', 0x3800],
    ['ftag', 0xffff],
  ])('write the register %s', (name, value) => {
    const machine = machineOf(SPIN);
    const bytes = [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24];
    expect(machine.input({ kind: 'register', vcpu: 0, name, value: bytes })).toEqual({ ok: true });
  });

  it('replay at their positions', () => {
    const code = [...SPIN];
    const log: InputLog = {
      version: 1,
      records: [
        { kind: 'memory', physical: 0x9000, bytes: [1], step: 50, tick: 50, deliveries: 0 },
        { kind: 'poweroff', step: 70, tick: 70, deliveries: 0 },
      ],
    };
    const machine = machineOf(code);
    machine.attach(new Replay(machine, log));
    machine.run(50);
    expect(machine.physical.word(0x9000)).toBe(0);
    machine.run(1);
    expect(machine.physical.word(0x9000)).toBe(1);
    expect(machine.run(1000)).toEqual({ kind: 'poweroff' });
    expect(machine.steps).toBe(70);
  });
});

describe('a debugger at the first instruction of a handler', () => {
  const HANDLER = START + 16;
  /** Interrupt gate: offset, code selector 8. */
  const GATE = [HANDLER & 0xff, (HANDLER >> 8) & 0xff, 8, 0, 0, 0x8e, HANDLER >> 16, 0];
  /** ud2; at the handler: mov %ecx, 0x8000; spin */
  const CODE = [NOP, 0x0f, 0x0b, ...new Array<number>(13).fill(NOP), 0x89, 0x0d, 0x00, 0x80, 0, 0, ...SPIN];

  it('is replayed there, after the delivery', () => {
    const machine = machineOf(CODE);
    machine.input({ kind: 'memory', physical: 0x7000 + 6 * 8, bytes: GATE });
    machine.input({ kind: 'register', vcpu: 0, name: 'idtr_base', value: [0, 0x70, 0, 0] });
    machine.input({ kind: 'register', vcpu: 0, name: 'idtr_limit', value: [0xff, 7] });
    machine.setCodePoints(new Set([HANDLER]));
    expect(machine.run(100).kind).toBe('break');
    expect(machine.position).toEqual({ step: 1, tick: 1, deliveries: 1 });
    const stack = machine.vcpus[0].context.register(4);
    // The return address that the delivery has just pushed.
    machine.input({ kind: 'memory', physical: stack, bytes: [0xcc] });
    machine.input({ kind: 'register', vcpu: 0, name: 'ecx', value: [77] });
    machine.setCodePoints(new Set());
    machine.run(50);
    expect(machine.physical.word(0x8000)).toBe(77);
    expect(machine.physical.read(stack, 1)).toEqual(Uint8Array.of(0xcc));

    const again = machineOf(CODE);
    again.attach(new Replay(again, machine.inputLog));
    again.run(machine.steps);
    expect(again.stateHash()).toBe(machine.stateHash());
    expect(again.inputLog).toEqual(machine.inputLog);
  });
});

describe('saved state', () => {
  const COUNT = [0xff, 0x05, 0x00, 0x80, 0x00, 0x00, 0xeb, 0xf8];

  it('goes on where it was saved', () => {
    const machine = machineOf(COUNT);
    machine.run(1001);
    const state = machine.save();
    machine.run(999);
    const other = machineOf(SPIN);
    other.run(123);
    other.load(state);
    other.run(999);
    expect(other.stateHash()).toBe(machine.stateHash());
    expect(other.steps).toBe(2000);
  });

  it('leaves zero pages out', () => {
    expect(machineOf(SPIN).save().ram.length).toBeLessThan(8);
  });

  it.each([
    ['another version', { version: 99 }],
    ['another size', { memory: 8 }],
    ['no vCPU', { vcpus: [] }],
    ['no devices', { devices: {} }],
    ['a bad clock', { clock: { version: 1 } }],
    ['bad memory', { ram: [{ page: 1 << 20, bytes: new Uint8Array(4096) }] }],
    ['a short page', { ram: [{ page: 1, bytes: new Uint8Array(1) }] }],
  ])('with %s is refused', (_, change) => {
    const machine = machineOf(SPIN);
    const state = { ...machine.save(), ...change };
    expect(() => machineOf(SPIN).load(state as ReturnType<Machine['save']>)).toThrow(UserError);
  });
});

describe('several machines in one process', () => {
  it('do not know of each other', () => {
    const first = machineOf([0x40, 0xeb, 0xfd]);
    const second = machineOf([0x41, 0xeb, 0xfd]);
    const alone = machineOf([0x40, 0xeb, 0xfd]);
    for (let i = 0; i < 10; i++) {
      first.run(101);
      second.run(77);
    }
    alone.run(1010);
    expect(first.stateHash()).toBe(alone.stateHash());
    expect(second.vcpus[0].context.register(0)).not.toBe(first.vcpus[0].context.register(0));
  });
});
