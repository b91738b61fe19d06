import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frameMessage, MessageReader, StreamError } from '../../../extension/message-stream.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test('messages come out as they went in, however the stream is cut', () => {
  const message = fc.record({ seq: fc.nat(), command: fc.string({ unit: 'binary' }) });
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (messages, cuts) => {
        const stream = Buffer.concat(messages.map(frameMessage));
        const reader = new MessageReader();
        const read: object[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const length = cuts[i % cuts.length];
          read.push(...reader.push(stream.subarray(at, at + length)));
          at += length;
        }
        expect(read).toEqual(JSON.parse(JSON.stringify(messages)));
      },
    ),
    { seed: 1, numRuns: 50 },
  );
});

test.each([
  ['X: 1\r\n\r\n', 'without Content-Length'],
  [`Content-Length: ${2 ** 40}\r\n\r\n`, 'a message of'],
  ['Content-Length: 2\r\n\r\n[]', 'no object'],
  ['Content-Length: 4\r\n\r\nnull', 'no object'],
  ['Content-Length: 3\r\n\r\n{"a', 'not JSON'],
  ['x'.repeat(5000), 'without end'],
])('%j is no stream of messages', (text, message) => {
  expect(() => new MessageReader().push(bytes(text))).toThrow(message);
});

test('random bytes never throw anything else', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.string().map((text) => bytes(`Content-Length: ${text}\r\n\r\n{}`)),
      ),
      (input) => {
        try {
          new MessageReader().push(input);
        } catch (error) {
          expect(error).toBeInstanceOf(StreamError);
        }
      },
    ),
    { seed: 2, numRuns: 2000 },
  );
});
