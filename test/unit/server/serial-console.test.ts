import { describe, expect, it } from 'vitest';
import { EscapeKeys } from '../../../server/serial-console.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const take = (...texts: string[]) => {
  const keys = new EscapeKeys();
  const taken = texts.map((text) => keys.take(bytes(text)));
  return { text: taken.map(({ forGuest }) => new TextDecoder().decode(forGuest)).join(''), leave: taken.at(-1)?.leave };
};

describe('the serial console', () => {
  it('hands plain keys to the guest', () => {
    expect(take('ls -l\r')).toEqual({ text: 'ls -l\r', leave: false });
  });

  it('leaves on Ctrl-A X, also when the two come apart', () => {
    expect(take('a\x01', 'x')).toEqual({ text: 'a', leave: true });
  });

  it('stops on Ctrl-C and passes one on for Ctrl-A C', () => {
    expect(take('a\x03b')).toEqual({ text: 'a', leave: true });
    expect(take('\x01c\x01\x01\x01q')).toEqual({ text: '\x03\x01', leave: false });
  });
});
