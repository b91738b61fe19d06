import { expect, it } from 'vitest';
import { ByteQueue } from '../../../../core/util/byte-queue.ts';

it('a byte queue gives bytes back in order, however many pass through it', () => {
  const queue = new ByteQueue([1, 2]);
  let [put, got] = [2, 0];
  for (let round = 0; round < 3000; round++) {
    for (let i = 0; i < 5; i++) queue.push(++put);
    for (let i = 0; i < 4; i++) expect(queue.shift()).toBe(++got & 0xff);
  }
  expect(queue.length).toBe(put - got);
  expect(queue.peek()).toBe((got + 1) & 0xff);
  expect(queue.toBytes()[0]).toBe((got + 1) & 0xff);
  queue.clear();
  expect([queue.length, queue.shift(), queue.peek()]).toEqual([0, 0, 0]);
});
