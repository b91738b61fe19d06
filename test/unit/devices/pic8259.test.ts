import { describe, expect, it } from 'vitest';
import { Pic8259Pair } from '../../../core/devices/pic8259.ts';

const MASTER = 0;
const MASTER_DATA = 1;
const SLAVE = 2;
const SLAVE_DATA = 3;

function pic(icw4 = 0x01, slaveIcw4 = 0x01): Pic8259Pair {
  const pair = new Pic8259Pair();
  for (const [port, value] of [
    [MASTER, 0x11],
    [MASTER_DATA, 0x20],
    [MASTER_DATA, 0x04],
    [MASTER_DATA, icw4],
    [SLAVE, 0x11],
    [SLAVE_DATA, 0x28],
    [SLAVE_DATA, 0x02],
    [SLAVE_DATA, slaveIcw4],
  ]) {
    pair.writePort(port, 1, value);
  }
  return pair;
}

const irr = (p: Pic8259Pair, port = MASTER) => {
  p.writePort(port, 1, 0x0a);
  return p.readPort(port, 1);
};
const isr = (p: Pic8259Pair, port = MASTER) => {
  p.writePort(port, 1, 0x0b);
  return p.readPort(port, 1);
};
const eoi = (p: Pic8259Pair, port = MASTER) => p.writePort(port, 1, 0x20);

describe('the 8259 pair', () => {
  it('requests nothing before it is initialised', () => {
    const p = new Pic8259Pair();
    p.writePort(MASTER_DATA, 1, 0);
    p.irq(0).set(true);
    expect(p.pending).toBe(false);
  });

  it('delivers by priority and blocks equal and lower levels until the end of interrupt', () => {
    const p = pic();
    p.irq(4).set(true);
    p.irq(1).set(true);
    expect(irr(p)).toBe(0x12);
    expect(p.acknowledge()).toBe(0x21);
    expect(isr(p)).toBe(0x02);
    expect(p.pending).toBe(false);
    p.irq(0).set(true);
    expect(p.acknowledge()).toBe(0x20);
    eoi(p);
    expect(isr(p)).toBe(0x02);
    expect(p.pending).toBe(false);
    eoi(p);
    expect(p.acknowledge()).toBe(0x24);
  });

  it('needs a new edge for a new request in edge mode, and takes a dropped one back', () => {
    const p = pic();
    p.irq(3).set(true);
    p.acknowledge();
    eoi(p);
    expect(p.pending).toBe(false);
    p.irq(3).set(false);
    p.irq(3).set(true);
    expect(p.pending).toBe(true);
    p.irq(3).set(false);
    expect(p.pending).toBe(false);
    expect(p.acknowledge()).toBe(0x27);
    expect(isr(p)).toBe(0);
  });

  it('repeats a level-triggered request while the line is high', () => {
    const p = pic();
    p.writePort(4, 1, 0xff);
    expect(p.readPort(4, 1)).toBe(0xf8);
    p.irq(5).set(true);
    expect(p.acknowledge()).toBe(0x25);
    eoi(p);
    expect(p.pending).toBe(true);
    p.irq(5).set(false);
    expect(p.pending).toBe(false);
  });

  it('cascades: both chips are in service and both want an end', () => {
    const p = pic();
    p.irq(14).set(true);
    expect(irr(p)).toBe(0x04);
    expect(p.acknowledge()).toBe(0x2e);
    expect([isr(p), isr(p, SLAVE)]).toEqual([0x04, 0x40]);
    p.irq(8).set(true);
    expect(p.pending).toBe(false); // the master's level 2 is in service
    eoi(p);
    expect(p.acknowledge()).toBe(0x28);
    eoi(p, SLAVE);
    eoi(p, SLAVE);
    eoi(p);
    expect([isr(p), isr(p, SLAVE)]).toEqual([0, 0]);
  });

  it('lets a higher request of the same slave through in special fully nested mode', () => {
    const p = pic(0x11);
    p.irq(14).set(true);
    p.acknowledge();
    p.irq(8).set(true);
    expect(p.acknowledge()).toBe(0x28);
  });

  it('answers a vanished slave request with IRQ 15 and leaves the master in service', () => {
    const p = pic();
    p.irq(9).set(true);
    p.writePort(SLAVE_DATA, 1, 0xff);
    expect(p.pending).toBe(false);
    p.writePort(SLAVE_DATA, 1, 0x00);
    expect(p.acknowledge()).toBe(0x29);
  });

  it('reads a floating bus when the slave was told another number', () => {
    const p = pic();
    p.writePort(SLAVE, 1, 0x11);
    for (const value of [0x28, 0x03, 0x01]) p.writePort(SLAVE_DATA, 1, value);
    p.irq(9).set(true);
    expect(p.acknowledge()).toBe(0xff);
  });

  it('masks, and forgets nothing that waits behind the mask', () => {
    const p = pic();
    p.writePort(MASTER_DATA, 1, 0xff);
    expect(p.readPort(MASTER_DATA, 1)).toBe(0xff);
    p.irq(7).set(true);
    expect(p.pending).toBe(false);
    p.writePort(MASTER_DATA, 1, 0x7f);
    expect(p.acknowledge()).toBe(0x27);
  });

  it('ends a specific level, and nothing else', () => {
    const p = pic();
    p.irq(5).set(true);
    p.acknowledge();
    p.irq(3).set(true);
    p.acknowledge();
    p.writePort(MASTER, 1, 0x65);
    expect(isr(p)).toBe(0x08);
  });

  it('rotates priorities on command, on end of interrupt and in automatic mode', () => {
    const p = pic();
    p.writePort(MASTER, 1, 0xc0 | 3); // 3 lowest: 4 highest
    p.irq(0).set(true);
    p.irq(6).set(true);
    expect(p.acknowledge()).toBe(0x26);
    p.writePort(MASTER, 1, 0xa0); // rotate on non-specific EOI: 6 lowest
    expect(p.acknowledge()).toBe(0x20);
    p.writePort(MASTER, 1, 0xe0); // specific: 0 lowest
    p.irq(0).set(false);
    p.irq(0).set(true);
    p.irq(1).set(true);
    expect(p.acknowledge()).toBe(0x21);

    const automatic = pic(0x03);
    automatic.writePort(MASTER, 1, 0x80);
    automatic.irq(0).set(true);
    automatic.irq(1).set(true);
    expect(automatic.acknowledge()).toBe(0x20);
    expect(isr(automatic)).toBe(0);
    automatic.irq(0).set(false);
    automatic.irq(0).set(true);
    expect(automatic.acknowledge()).toBe(0x21); // 0 is the lowest now
  });

  it('makes a new edge at the master for each of two slave requests in automatic mode', () => {
    const p = pic(0x03, 0x03);
    p.irq(8).set(true);
    p.irq(12).set(true);
    expect([p.acknowledge(), p.acknowledge(), p.pending]).toEqual([0x28, 0x2c, false]);
  });

  it('lets lower levels through a masked one in service in special mask mode', () => {
    const p = pic();
    p.irq(4).set(true);
    p.acknowledge();
    p.irq(6).set(true);
    p.writePort(MASTER_DATA, 1, 0x10);
    expect(p.pending).toBe(false);
    p.writePort(MASTER, 1, 0x68);
    expect(p.acknowledge()).toBe(0x26);
    eoi(p); // spares the masked level
    expect(isr(p)).toBe(0x10);
    eoi(p);
    expect(isr(p)).toBe(0x10);
    p.writePort(MASTER, 1, 0x48);
    eoi(p);
    expect(isr(p)).toBe(0);
  });

  it('polls: the read acknowledges', () => {
    const p = pic();
    p.irq(11).set(true);
    p.writePort(MASTER, 1, 0x0c);
    expect(p.readPort(MASTER, 1)).toBe(0x82);
    p.writePort(SLAVE, 1, 0x0c);
    expect(p.readPort(SLAVE, 1)).toBe(0x83);
    p.writePort(SLAVE, 1, 0x0c);
    expect(p.readPort(SLAVE, 1)).toBe(0);
    expect(isr(p, SLAVE)).toBe(0x08);
  });

  it('is reset by ICW1: requests need new edges, the mask opens, reads answer IRR', () => {
    const p = pic();
    p.irq(1).set(true);
    p.irq(3).set(true);
    p.acknowledge();
    p.writePort(MASTER, 1, 0x0b);
    p.writePort(MASTER, 1, 0x13); // single, with ICW4
    p.writePort(MASTER_DATA, 1, 0x47);
    expect(p.pending).toBe(false);
    p.writePort(MASTER_DATA, 1, 0x01);
    expect(p.readPort(MASTER, 1)).toBe(0);
    expect(p.readPort(MASTER_DATA, 1)).toBe(0);
    p.irq(3).set(false);
    p.irq(3).set(true);
    expect(p.acknowledge()).toBe(0x43);
  });

  it('takes LTIM of ICW1 as level mode for all inputs', () => {
    const p = new Pic8259Pair();
    p.irq(6).set(true);
    p.writePort(MASTER, 1, 0x1a); // level, single, no ICW4
    p.writePort(MASTER_DATA, 1, 0x08);
    expect(p.acknowledge()).toBe(0x0e);
    eoi(p);
    expect(p.pending).toBe(true);
  });

  it('restores the same state and the same request', () => {
    const p = pic();
    p.irq(10).set(true);
    p.irq(1).set(true);
    p.acknowledge();
    const q = new Pic8259Pair();
    q.load(p.save());
    expect(q.save()).toEqual(p.save());
    eoi(q);
    expect(q.acknowledge()).toBe(0x2a);
  });
});
