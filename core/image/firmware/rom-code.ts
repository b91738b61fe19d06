/**
 * Writes the few instructions our ROM is made of, with labels. Not an assembler: each instruction that the
 * stubs need has a method, and 16-bit code is all there is (SDM vol. 2).
 */
import { assert } from '../../util/assert.ts';

export const ROM_SIZE = 0x1_0000;

const NOT_CARRY = 0x73;
const CARRY = 0x72;
const ALWAYS = 0xeb;

export class RomCode {
  readonly bytes = new Uint8Array(ROM_SIZE);
  /** Services by the ROM offset of their monitor call. */
  readonly services = new Map<number, string>();
  readonly #labels = new Map<string, number>();
  readonly #jumps: { at: number; label: string }[] = [];
  #at = 0;

  /** Goes on at a ROM offset; what was written there must not be overwritten. */
  at(offset: number, label?: string): this {
    this.#at = offset;
    return label === undefined ? this : this.label(label);
  }

  label(name: string): this {
    assert(!this.#labels.has(name), `label ${name} twice`);
    this.#labels.set(name, this.#at);
    return this;
  }

  data(...bytes: readonly number[]): this {
    for (const byte of bytes) {
      assert(this.bytes[this.#at] === 0, `ROM offset ${this.#at.toString(16)} written twice`);
      this.bytes[this.#at++] = byte;
    }
    return this;
  }

  word(value: number): this {
    return this.data(value & 0xff, (value >>> 8) & 0xff);
  }

  /** The monitor call: UD2, which means a service here and is an undefined opcode everywhere else. */
  service(name: string): this {
    this.services.set(this.#at, name);
    return this.data(0x0f, 0x0b);
  }

  interrupt(vector: number): this {
    return this.data(0xcd, vector);
  }

  /** PUSH or POP of ax, cx, dx, bx (0–3). */
  push(register: number): this {
    return this.data(0x50 + register);
  }

  pop(register: number): this {
    return this.data(0x58 + register);
  }

  pushDs(): this {
    return this.data(0x1e);
  }

  popDs(): this {
    return this.data(0x1f);
  }

  loadAl(value: number): this {
    return this.data(0xb0, value);
  }

  loadAh(value: number): this {
    return this.data(0xb4, value);
  }

  inAl(port: number): this {
    return this.data(0xe4, port);
  }

  outAl(port: number): this {
    return this.data(0xe6, port);
  }

  cli(): this {
    return this.data(0xfa);
  }

  sti(): this {
    return this.data(0xfb);
  }

  hlt(): this {
    return this.data(0xf4);
  }

  setCarry(): this {
    return this.data(0xf9);
  }

  iret(): this {
    return this.data(0xcf);
  }

  jumpFar(segment: number, offset: number): this {
    return this.data(0xea).word(offset).word(segment);
  }

  jump(label: string): this {
    return this.#short(ALWAYS, label);
  }

  jumpIfCarry(label: string): this {
    return this.#short(CARRY, label);
  }

  jumpIfNoCarry(label: string): this {
    return this.#short(NOT_CARRY, label);
  }

  /** The offset of a label; only after everything is written. */
  offsetOf(label: string): number {
    const offset = this.#labels.get(label);
    assert(offset !== undefined, `no label ${label}`);
    return offset;
  }

  /** Fills in the jumps. */
  finish(): this {
    for (const { at, label } of this.#jumps) {
      const distance = this.offsetOf(label) - (at + 1);
      assert(distance >= -128 && distance < 128, `jump to ${label} is too far`);
      this.bytes[at] = distance & 0xff;
    }
    return this;
  }

  #short(opcode: number, label: string): this {
    this.data(opcode);
    this.#jumps.push({ at: this.#at, label });
    return this.data(0);
  }
}
