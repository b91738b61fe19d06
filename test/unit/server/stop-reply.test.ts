/** What gdb is told of a watchpoint: one address, by which it finds the watchpoints that were hit. */
import { expect, it } from 'vitest';
import type { PointType } from '../../../server/gdb/point-table.ts';
import { stopReply } from '../../../server/gdb/stop-reply.ts';
import { Stub } from '../../../server/gdb/stub.ts';
import { ToyTarget } from './toy-target.ts';

/** The field for an access of four bytes at 210h that hit all of `points`: type, address, length. */
async function field(points: readonly (readonly [PointType, number, number])[]): Promise<string | undefined> {
  const stub = new Stub(new ToyTarget([0x90]));
  for (const [type, address, length] of points) await stub.points.insert(type, address, length, []);
  const ids = points.map((_, i) => i + 1);
  const access = { address: { space: 'linear', offset: 0x210 }, size: 4, kind: 'read' } as const;
  const { data } = await stopReply(stub, { reason: 'watchpoint', points: ids, vcpu: 0, step: 0, access }, true);
  return /[a-z]*watch:[0-9a-f]+/.exec(data)?.[0];
}

it('is the first byte touched, or the first one watched', async () => {
  expect(await field([[2, 0x210, 4]])).toBe('watch:00000210');
  expect(await field([[3, 0x20e, 4]])).toBe('rwatch:00000210');
  expect(await field([[4, 0x213, 1]])).toBe('awatch:00000213');
});

it('lies in all ranges that were hit where they overlap', async () => {
  expect(
    await field([
      [3, 0x210, 4],
      [4, 0x213, 2],
    ]),
  ).toBe('awatch:00000213');
  expect(
    await field([
      [4, 0x20f, 8],
      [3, 0x212, 2],
      [2, 0x213, 4],
    ]),
  ).toBe('watch:00000213');
});
