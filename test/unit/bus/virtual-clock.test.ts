import { describe, expect, it } from 'vitest';
import type { Timer, TimerSource } from '../../../core/bus/clock.ts';
import type { DeviceState } from '../../../core/bus/device.ts';
import { Rate } from '../../../core/bus/rate.ts';
import { VirtualClock } from '../../../core/bus/virtual-clock.ts';
import { UserError } from '../../../core/util/errors.ts';

describe('the virtual clock', () => {
  it('fires by deadline, then by order of arming', () => {
    const clock = new VirtualClock(1000);
    const fired: string[] = [];
    const timer = (name: string) => clock.timer(name, () => fired.push(name));
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(timer);
    a.arm(20);
    b.arm(10);
    c.arm(20);
    d.arm(30);
    a.arm(20); // re-arming goes to the back of its deadline
    expect(clock.nextDeadline()).toBe(10);
    clock.advance(25);
    clock.fireDue();
    expect(fired).toEqual(['b', 'c', 'a']);
    expect(clock.nextDeadline()).toBe(30);
    d.cancel();
    expect(clock.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  it('leaves a timer armed into the past for the next event point', () => {
    const clock = new VirtualClock(1000);
    let fired = 0;
    const again: Timer = clock.timer('again', () => {
      fired++;
      again.arm(0);
    });
    again.arm(5);
    clock.advance(5);
    clock.fireDue();
    expect(fired).toBe(1);
    expect(clock.nextDeadline()).toBe(0);
    clock.fireDue();
    expect(fired).toBe(2);
  });

  it('does not fire what an earlier callback cancelled', () => {
    const clock = new VirtualClock(1000);
    const second = clock.timer('second', () => expect.unreachable());
    const first = clock.timer('first', () => second.cancel());
    first.arm(1);
    second.arm(1);
    clock.advance(1);
    clock.fireDue();
  });

  it('saves deadlines and their order, and restores them into a machine of the same devices', () => {
    const fired: string[] = [];
    const build = () => {
      const clock = new VirtualClock(1000);
      const timers = ['x', 'y'].map((name) => clock.timer(name, () => fired.push(name)));
      return { clock, timers };
    };
    const one = build();
    one.clock.advance(7);
    one.timers[1].arm(9);
    one.timers[0].arm(9);
    const two = build();
    two.timers[0].arm(1);
    two.clock.load(one.clock.save());
    expect(two.clock.save()).toEqual(one.clock.save());
    expect(two.clock.now()).toBe(7);
    two.clock.advance(2);
    two.clock.fireDue();
    expect(fired).toEqual(['y', 'x']);
  });

  it('refuses states that do not fit, and stays as it was', () => {
    const clock = new VirtualClock(1000);
    clock.timer('x', () => {});
    clock.advance(3);
    const good = clock.save();
    const bad: DeviceState[] = [
      { ...good, version: 2 },
      { ...good, hz: 1001 },
      { ...good, now: -1 },
      { ...good, now: 0.5 },
      { ...good, timers: { z: { deadline: 1, sequence: 0 } } },
      { ...good, timers: { x: { deadline: 1, sequence: 0 } } },
      { ...good, timers: 7 },
    ];
    for (const state of bad) expect(() => clock.load(state), JSON.stringify(state)).toThrow(UserError);
    expect(clock.save()).toEqual(good);
  });

  it('takes deadlines beyond the end of time as never', () => {
    const clock = new VirtualClock(1000);
    clock.timer('late', () => {}).arm(2 ** 60);
    expect(clock.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
    clock.advance(2 ** 53);
    expect(clock.now()).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('is one implementation of TimerSource among others', () => {
    /** A toy clock that stands still: timers fire when they are armed for now. */
    class StoppedClock implements TimerSource {
      readonly hz = 1;
      now(): number {
        return 0;
      }
      timer(name: string, fire: () => void): Timer {
        return { name, deadline: -1, arm: (at) => void (at <= 0 && fire()), cancel: () => {} };
      }
    }
    for (const clock of [new StoppedClock(), new VirtualClock(1)] as TimerSource[]) {
      let fired = 0;
      clock.timer('t', () => fired++).arm(0);
      if (clock instanceof VirtualClock) clock.fireDue();
      expect(fired).toBe(1);
      expect(clock.now()).toBe(0);
    }
  });
});

describe('a rate', () => {
  it('converts exactly and without drift', () => {
    for (const hz of [1, 1000, 1_000_000, 1_193_182, 100_000_000, 4_000_000_000]) {
      const rate = new Rate(hz, 1_193_182);
      for (const cycles of [0, 1, 2, 17, 1_193_181, 1_193_182, 1_193_183, 98_765_432_109]) {
        const tick = rate.tickOf(cycles);
        expect(BigInt(tick)).toBe((BigInt(cycles) * BigInt(hz) + 1_193_181n) / 1_193_182n);
        expect(BigInt(rate.cyclesAt(tick))).toBe((BigInt(tick) * 1_193_182n) / BigInt(hz));
        expect(rate.cyclesAt(tick)).toBeGreaterThanOrEqual(cycles);
        if (tick > 0) expect(rate.cyclesAt(tick - 1)).toBeLessThan(Math.max(cycles, 1));
      }
    }
  });
});
