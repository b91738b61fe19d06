import { describe, expect, it } from 'vitest';
import type { Device, DeviceState } from '../../../core/bus/device.ts';
import {
  bytes,
  count,
  flag,
  int,
  list,
  queue,
  record,
  StateShape,
  table,
  word,
} from '../../../core/bus/state-shape.ts';
import { ByteQueue } from '../../../core/util/byte-queue.ts';
import { UserError } from '../../../core/util/errors.ts';

interface State {
  level: number;
  on: boolean;
  phase: 'idle' | 'busy';
  memory: Uint8Array;
  waiting: ByteQueue;
  channels: { start: number }[];
  names: Map<string, number>;
}

const SHAPE = new StateShape<State>(3, {
  level: int(-1, 9),
  on: flag,
  phase: word('idle', 'busy'),
  memory: bytes(2, 0x3f),
  waiting: queue(3),
  channels: list(2, record({ start: count })),
  names: table(int(0, 5)),
});

const STATE: State = {
  level: 4,
  on: true,
  phase: 'busy',
  memory: Uint8Array.of(1, 2),
  waiting: new ByteQueue([7, 8]),
  channels: [{ start: 1 }, { start: 2 }],
  names: new Map([['x', 5]]),
};

describe('a state shape', () => {
  it('saves by field name with a version, as a copy', () => {
    const saved = SHAPE.save(STATE);
    expect(saved).toEqual({
      version: 3,
      level: 4,
      on: true,
      phase: 'busy',
      memory: Uint8Array.of(1, 2),
      waiting: Uint8Array.of(7, 8),
      channels: [{ start: 1 }, { start: 2 }],
      names: { x: 5 },
    });
    STATE.memory[0] = 9;
    expect((saved.memory as Uint8Array)[0]).toBe(1);
    expect(SHAPE.save(SHAPE.load(saved, 'toy'))).toEqual(saved);
  });

  it('names the field that does not fit', () => {
    const good = SHAPE.save(STATE);
    const cases: [DeviceState, string][] = [
      [{ ...good, level: 10 }, 'toy.level: expected an integer from -1 to 9'],
      [{ ...good, on: 1 }, 'toy.on'],
      [{ ...good, phase: 'gone' }, 'toy.phase: expected one of idle, busy'],
      [{ ...good, memory: Uint8Array.of(1, 0x40) }, 'toy.memory'],
      [{ ...good, waiting: new Uint8Array(4) }, 'toy.waiting'],
      [{ ...good, channels: [{ start: 1 }, { start: -1 }] }, 'toy.channels[1].start'],
      [{ ...good, names: { y: 6 } }, 'toy.names.y'],
      [{ ...good, more: 1 }, 'toy.more: expected no such field'],
      [{ ...good, version: 2 }, 'toy has version 2, expected 3'],
    ];
    for (const [state, message] of cases) {
      expect(() => SHAPE.load(state, 'toy')).toThrow(UserError);
      expect(() => SHAPE.load(state, 'toy')).toThrow(message);
    }
  });

  it('is all that a second, toy device needs', () => {
    class Lamp implements Device {
      readonly name = 'lamp';
      #s = { lit: false };
      readonly #shape = new StateShape<{ lit: boolean }>(1, { lit: flag });
      reset(): void {
        this.#s = { lit: false };
      }
      press(): void {
        this.#s.lit = !this.#s.lit;
      }
      save(): DeviceState {
        return this.#shape.save(this.#s);
      }
      load(state: DeviceState): void {
        this.#s = this.#shape.load(state, this.name);
      }
    }
    const [a, b] = [new Lamp(), new Lamp()];
    a.press();
    b.load(a.save());
    expect(b.save()).toEqual({ version: 1, lit: true });
    b.reset();
    expect(b.save()).toEqual({ version: 1, lit: false });
  });
});
