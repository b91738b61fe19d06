import { describe, expect, it } from 'vitest';
import { ObservedLine } from '../../../core/bus/irq-line.ts';
import { VirtualClock } from '../../../core/bus/virtual-clock.ts';
import { PIT_HZ, Pit8254 } from '../../../core/devices/pit8254.ts';
import { run } from './helpers.ts';

/** One tick a PIT cycle makes the datasheet's diagrams readable. */
function machine(hz = PIT_HZ) {
  const clock = new VirtualClock(hz);
  const irq = new ObservedLine();
  const pit = new Pit8254({ clock, irq });
  const write = (...writes: [number, number][]) => {
    for (const [offset, value] of writes) pit.writePort(offset, 1, value);
  };
  const read16 = (counter: number) => pit.readPort(counter, 1) | (pit.readPort(counter, 1) << 8);
  const status = (counter: number) => {
    write([3, 0xe0 | (2 << counter)]);
    return pit.readPort(counter, 1);
  };
  return { clock, irq, pit, write, read16, status };
}

/** OUT of counter 2 for `cycles` cycles, `#` high. */
function wave(m: ReturnType<typeof machine>, cycles: number): string {
  let text = '';
  for (let i = 0; i < cycles; i++) {
    run(m.clock, 1);
    text += (m.pit.readPort(4, 1) & 0x20) !== 0 ? '#' : '.';
  }
  return text;
}

describe('the 8254', () => {
  it('mode 0: OUT rises N + 1 clocks after the count and stays', () => {
    const m = machine();
    m.write([4, 1], [3, 0x90], [2, 4]);
    expect(wave(m, 10)).toBe('....######');
    m.write([2, 2]);
    expect(wave(m, 5)).toBe('..###');
  });

  it('mode 0: the first byte of two stops the count, a low gate holds it', () => {
    const m = machine();
    m.write([4, 1], [3, 0xb0], [2, 3], [2, 0]);
    expect(wave(m, 2)).toBe('..');
    m.write([2, 9]);
    expect(wave(m, 9)).toBe('.........');
    m.write([2, 0]);
    m.write([4, 0]);
    expect(wave(m, 20)).toBe('.'.repeat(20));
    m.write([4, 1]);
    expect(wave(m, 12)).toBe('.........###');
  });

  it('mode 1: each rise of the gate makes one pulse', () => {
    const m = machine();
    m.write([3, 0x92], [2, 3]);
    expect(wave(m, 3)).toBe('###');
    m.write([4, 1]);
    expect(wave(m, 6)).toBe('...###');
    m.write([4, 0], [4, 1]);
    expect(wave(m, 2)).toBe('..');
    m.write([4, 0], [4, 1]);
    expect(wave(m, 6)).toBe('...###');
  });

  it('mode 2: low for one clock in N; a new count waits for the end of the period', () => {
    const m = machine();
    m.write([4, 1], [3, 0x94], [2, 4]);
    expect(wave(m, 10)).toBe('###.###.##');
    m.write([2, 3]);
    expect(wave(m, 8)).toBe('#.##.##.');
    m.write([4, 0]);
    expect(wave(m, 3)).toBe('###');
    m.write([4, 1]);
    expect(wave(m, 6)).toBe('##.##.');
  });

  it('mode 3: half high, half low, the odd clock high; a new count waits for the half-period', () => {
    const m = machine();
    m.write([4, 1], [3, 0x96], [2, 5]);
    expect(wave(m, 11)).toBe('###..###..#');
    m.write([2, 8]);
    expect(wave(m, 14)).toBe('##....####....');
  });

  it('mode 4 strobes once, mode 5 at each trigger', () => {
    const m = machine();
    m.write([4, 1], [3, 0x98], [2, 3]);
    expect(wave(m, 8)).toBe('###.####');
    m.write([4, 0], [3, 0x9a], [2, 2]);
    expect(wave(m, 4)).toBe('####');
    m.write([4, 1]);
    expect(wave(m, 6)).toBe('##.###');
  });

  it('counts down, by two in mode 3, and in decimal when asked', () => {
    const m = machine();
    m.write([3, 0x34], [0, 0x00], [0, 0x01]);
    run(m.clock, 11);
    expect(m.read16(0)).toBe(0x100 - 10);
    m.write([3, 0x36], [0, 0x00], [0, 0x01]);
    run(m.clock, 11);
    expect(m.read16(0)).toBe(0x100 - 20);
    m.write([3, 0x31], [0, 0x00], [0, 0x10]); // 1000 decimal
    run(m.clock, 2);
    expect(m.read16(0)).toBe(0x0999);
    run(m.clock, 1000);
    expect(m.read16(0)).toBe(0x9999);
  });

  it('latches a count until it is read, and a status with it', () => {
    const m = machine();
    m.write([3, 0x34], [0, 0], [0, 0]);
    run(m.clock, 101);
    m.write([3, 0x00]);
    run(m.clock, 50);
    m.write([3, 0x00]);
    expect(m.read16(0)).toBe(0x10000 - 100);
    expect(m.read16(0)).toBe(0x10000 - 150);
    m.write([3, 0xc2]);
    run(m.clock, 5);
    expect(m.pit.readPort(0, 1)).toBe(0xb4);
    expect(m.read16(0)).toBe(0x10000 - 150);
  });

  it('shows a null count until a pending one is loaded', () => {
    const m = machine();
    m.write([3, 0x14]);
    expect(m.status(0)).toBe(0xd4);
    m.write([0, 10]);
    run(m.clock, 1);
    expect(m.status(0)).toBe(0x94);
    m.write([0, 20]);
    expect(m.status(0)).toBe(0xd4);
    run(m.clock, 10);
    expect(m.status(0)).toBe(0x94);
  });

  it('raises IRQ 0 at the exact rate, without drift', () => {
    const m = machine(100_000_000);
    m.write([3, 0x34], [0, 119], [0, 0]);
    run(m.clock, 100_000_000);
    // The first rise is that of the control word; then one a period.
    expect(m.irq.rises).toBe(1 + Math.floor((PIT_HZ - 1) / 119));
    const square = machine(100_000_000);
    square.write([3, 0x36], [0, 0], [0, 0]);
    run(square.clock, 1_000_000_000);
    expect(square.irq.rises).toBe(1 + Math.floor((10 * PIT_HZ - 1) / 65536));
  });

  it('fires a one-shot once', () => {
    const m = machine(100_000_000);
    m.write([3, 0x30], [0, 0xe8], [0, 0x03]);
    expect(m.irq.level).toBe(false);
    run(m.clock, 83_800);
    expect(m.irq.level).toBe(false);
    run(m.clock, 200);
    expect(m.irq.level).toBe(true);
    expect(m.clock.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  it('still pulses when a tick is longer than a period', () => {
    const m = machine(1000);
    m.write([3, 0x14], [0, 2]);
    const before = m.irq.rises;
    run(m.clock, 100);
    // Every other look finds the output low; no request may be lost for longer than that.
    expect(m.irq.rises - before).toBeGreaterThanOrEqual(50);
  });

  it('toggles the refresh bit of port 61h every 18 cycles and keeps what is written', () => {
    const m = machine();
    let toggles = 0;
    let last = 0;
    for (let i = 0; i < 180; i++) {
      run(m.clock, 1);
      const bit = m.pit.readPort(4, 1) & 0x10;
      if (bit !== last) toggles++;
      last = bit;
    }
    expect(toggles).toBe(10);
    m.write([4, 0xff]);
    expect(m.pit.readPort(4, 1) & 0xcf).toBe(0x0f);
  });

  it('goes on after save and load as if nothing had happened', () => {
    const programs: [number, number][][] = [
      [
        [4, 1],
        [3, 0x36],
        [0, 7],
        [0, 0],
        [3, 0xb6],
        [2, 9],
        [2, 0],
        [0, 12],
        [0, 0],
        [2, 4],
      ],
      [
        [4, 0],
        [3, 0xb2],
        [2, 9],
        [2, 0],
        [4, 1],
        [3, 0x38],
        [0, 30],
        [0, 0],
      ],
    ];
    for (const program of programs) {
      const a = machine();
      a.write(...program);
      run(a.clock, 11);
      const b = machine();
      b.clock.load(a.clock.save());
      b.pit.load(a.pit.save());
      expect(b.pit.save()).toEqual(a.pit.save());
      const before = a.irq.rises;
      expect(wave(b, 60)).toBe(wave(a, 60));
      b.pit.writePort(3, 1, 0x00);
      a.pit.writePort(3, 1, 0x00);
      expect(b.read16(0)).toBe(a.read16(0));
      expect(a.irq.rises - before).toBeGreaterThan(0);
    }
  });
});
