/**
 * One firmware call: the caller's registers, and the FLAGS image that IRET will give back to it. Results go
 * into registers; carry and zero go into that image on the stack.
 */
import { CF, ZF } from '../../isa/eflags.ts';
import { EAX, EBP, EBX, ECX, EDI, EDX, ES, ESI, ESP, SS } from '../../isa/registers.ts';
import type { FirmwareHost } from './host.ts';

/** IP and CS lie below FLAGS. */
const FLAGS_ON_STACK = 4;
const STACK_BIG = 0x400000;

export class Call {
  readonly host: FirmwareHost;

  constructor(host: FirmwareHost) {
    this.host = host;
  }

  get ax(): number {
    return this.host.context.register16(EAX);
  }
  set ax(value: number) {
    this.host.context.setRegister16(EAX, value);
  }
  get bx(): number {
    return this.host.context.register16(EBX);
  }
  set bx(value: number) {
    this.host.context.setRegister16(EBX, value);
  }
  get cx(): number {
    return this.host.context.register16(ECX);
  }
  set cx(value: number) {
    this.host.context.setRegister16(ECX, value);
  }
  get dx(): number {
    return this.host.context.register16(EDX);
  }
  set dx(value: number) {
    this.host.context.setRegister16(EDX, value);
  }
  get si(): number {
    return this.host.context.register16(ESI);
  }
  get di(): number {
    return this.host.context.register16(EDI);
  }
  set di(value: number) {
    this.host.context.setRegister16(EDI, value);
  }
  get bp(): number {
    return this.host.context.register16(EBP);
  }
  get al(): number {
    return this.ax & 0xff;
  }
  set al(value: number) {
    this.ax = (this.ax & 0xff00) | (value & 0xff);
  }
  get ah(): number {
    return this.ax >>> 8;
  }
  set ah(value: number) {
    this.ax = (this.ax & 0xff) | ((value & 0xff) << 8);
  }
  get bl(): number {
    return this.bx & 0xff;
  }
  get bh(): number {
    return this.bx >>> 8;
  }
  get cl(): number {
    return this.cx & 0xff;
  }
  get ch(): number {
    return this.cx >>> 8;
  }
  get dl(): number {
    return this.dx & 0xff;
  }
  get dh(): number {
    return this.dx >>> 8;
  }

  register(index: number): number {
    return this.host.context.register(index);
  }

  setRegister(index: number, value: number): void {
    this.host.context.setRegister(index, value);
  }

  /** Linear address of an offset in a segment register's segment. */
  linear(segment: number, offset: number): number {
    return (this.host.context.segmentBase(segment) + (offset & 0xffff)) >>> 0;
  }

  /** Real mode: selector and base agree, and results that are pointers name a segment of ours. */
  setEs(selector: number): void {
    const { context } = this.host;
    context.setSegment(ES, { ...context.segment(ES), selector, base: selector << 4 });
  }

  /** Carry in the caller's flags: the call failed. */
  setCarry(on: boolean): void {
    this.#setFlag(CF, on);
  }

  setZero(on: boolean): void {
    this.#setFlag(ZF, on);
  }

  /** Carry of the ROM code itself, by which its loops go on. */
  setRomCarry(on: boolean): void {
    const { context } = this.host;
    context.eflags = on ? context.eflags | CF : context.eflags & ~CF;
  }

  #setFlag(flag: number, on: boolean): void {
    const { context } = this.host;
    const mask = context.segmentAccess(SS) & STACK_BIG ? 0xffffffff : 0xffff;
    const at = (context.segmentBase(SS) + ((context.register(ESP) + FLAGS_ON_STACK) & mask)) >>> 0;
    const flags = this.host.read(at, 2);
    this.host.write(at, 2, on ? flags | flag : flags & ~flag);
  }
}

export type Service = (call: Call) => void;
