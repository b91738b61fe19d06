/**
 * A 64-bit digest of machine state, so that two runs can be compared at a position. Not cryptographic: two
 * interleaved multiply-and-fold lanes over 32-bit words, fast enough for the whole of guest memory.
 */
import type { StateValue } from '../bus/device.ts';
import { hex } from '../util/hex.ts';

const PRIME_A = 0x9e3779b1;
const PRIME_B = 0x85ebca77;

export class StateHash {
  #a = 0x243f6a88;
  #b = 0x13198a2e;

  /** Adds the low 32 bits of a number. */
  word(value: number): void {
    this.#a = fold(this.#a ^ value, PRIME_A);
    this.#b = fold((this.#b + value) | 0, PRIME_B);
  }

  /** Adds any finite number exactly. */
  number(value: number): void {
    if (Number.isInteger(value)) {
      this.word(value | 0);
      this.word(Math.floor(value / 0x100000000) | 0);
    } else this.text(String(value));
  }

  text(value: string): void {
    this.word(value.length);
    for (let i = 0; i < value.length; i++) this.word(value.charCodeAt(i));
  }

  bytes(value: Uint8Array): void {
    this.word(value.length);
    for (let i = 0; i < value.length; i++) this.word(value[i]);
  }

  /** Adds words [start, end) of a view. */
  words(view: Uint32Array, start: number, end: number): void {
    let a = this.#a;
    let b = this.#b;
    for (let i = start; i < end; i++) {
      const value = view[i];
      a = Math.imul(a ^ value, PRIME_A);
      a ^= a >>> 15;
      b = Math.imul((b + value) | 0, PRIME_B);
      b ^= b >>> 13;
    }
    this.#a = a;
    this.#b = b;
  }

  /** Adds saved state: field names count, and so does their order, which `save` fixes. */
  value(value: StateValue): void {
    if (value === null) this.word(1);
    else if (typeof value === 'number') {
      this.word(2);
      this.number(value);
    } else if (typeof value === 'boolean') this.word(value ? 4 : 3);
    else if (typeof value === 'string') {
      this.word(5);
      this.text(value);
    } else if (value instanceof Uint8Array) {
      this.word(6);
      this.bytes(value);
    } else if (Array.isArray(value)) {
      this.word(7);
      this.word(value.length);
      for (const element of value) this.value(element);
    } else {
      this.word(8);
      for (const [name, field] of Object.entries(value)) {
        this.text(name);
        this.value(field);
      }
    }
  }

  /** 16 hex digits. */
  digest(): string {
    const a = avalanche(this.#a ^ avalanche(this.#b));
    const b = avalanche(this.#b ^ a);
    return hex(a) + hex(b);
  }
}

function fold(value: number, prime: number): number {
  const product = Math.imul(value, prime);
  return product ^ (product >>> 15);
}

function avalanche(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), PRIME_B);
  mixed = Math.imul(mixed ^ (mixed >>> 13), PRIME_A);
  return mixed ^ (mixed >>> 16);
}
