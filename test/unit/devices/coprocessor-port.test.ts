/** The x87 error latch of an AT: request 13 until port F0h is written, IGNNE# after that while the error lasts. */
import { expect, it } from 'vitest';
import { ObservedLine } from '../../../core/bus/irq-line.ts';
import { CoprocessorPort } from '../../../core/devices/coprocessor-port.ts';

function device() {
  const irq = new ObservedLine();
  const ferr = { pending: false };
  return { irq, ferr, port: new CoprocessorPort({ irq, pending: () => ferr.pending }) };
}

it('keeps an error as a request until port F0h is written, whatever becomes of the error', () => {
  const { irq, ferr, port } = device();
  ferr.pending = true;
  port.report();
  port.report();
  expect([irq.level, irq.rises, port.ignored]).toEqual([true, 1, false]);
  ferr.pending = false;
  port.gone();
  port.writePort(1, 1, 0);
  expect(irq.level).toBe(true);
  port.writePort(0, 1, 0x55);
  expect([irq.level, port.ignored]).toEqual([false, false]);
});

it('has the error ignored from that write on, while there is one', () => {
  const { irq, ferr, port } = device();
  ferr.pending = true;
  port.report();
  port.writePort(0, 1, 0);
  expect([irq.level, port.ignored]).toEqual([false, true]);
  const saved = port.save();
  port.gone();
  expect(port.ignored).toBe(false);
  port.load(saved);
  expect(port.ignored).toBe(true);
  port.reset();
  expect([irq.level, port.ignored, port.readPort(0, 1)]).toEqual([false, false, 0xff]);
});
