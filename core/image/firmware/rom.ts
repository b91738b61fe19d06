/**
 * The ROM at F0000h: an entry for every interrupt a PC's firmware answers, at the addresses where the
 * original has them (programs jump there), each a monitor call and an IRET. What has to wait loops here with
 * interrupts on, so that the machine can be saved, stepped and interrupted at any moment.
 */
import { DISKETTE_PARAMETERS } from './floppy-types.ts';
import { RomCode } from './rom-code.ts';

export const ROM_SEGMENT = 0xf000;
export const ROM_BASE = 0xf_0000;
export const POWER_ON_ENTRY = 0xfff0;

const AX = 0;
const DX = 2;
const EOI = 0x20;
const MASTER = 0x20;
const SLAVE = 0xa0;
const FPU_BUSY = 0xf0;
const KEYBOARD_DATA = 0x60;
/** INT 15h function by which others see a scan code first. */
const KEYBOARD_INTERCEPT = 0x4f;

export const DISKETTE_TABLE = 0xefc7;
export const SYSTEM_TABLE = 0xe6f5;

/**
 * What INT 15h AH=C0h points to: 8 bytes follow; model AT, submodel, revision; features: second 8259, real-time
 * clock, keyboard intercept.
 */
const SYSTEM_DESCRIPTION = [8, 0, 0xfc, 1, 0, 0x70, 0, 0, 0, 0];

/** Interrupts that are one monitor call: vector, ROM offset. */
const PLAIN_SERVICES: readonly (readonly [vector: number, offset: number])[] = [
  [0x10, 0xf065],
  [0x11, 0xf84d],
  [0x12, 0xf841],
  [0x13, 0xe3fe],
  [0x14, 0xe739],
  [0x17, 0xefd2],
  [0x1a, 0xfe6e],
];

export interface Rom {
  readonly bytes: Uint8Array;
  /** Service by the offset of its monitor call. */
  readonly services: ReadonlyMap<number, string>;
  /** ROM offset of each vector that has a handler of its own; the others have `dummy`. */
  readonly vectors: ReadonlyMap<number, number>;
  readonly dummy: number;
}

export function buildRom(): Rom {
  const code = new RomCode();
  const vectors = new Map<number, string>();
  const entry = (vector: number, offset: number) => {
    vectors.set(vector, `int${vector}`);
    return code.at(offset, `int${vector}`);
  };
  code.at(0xe05b, 'post').cli().service('post').sti().interrupt(0x19).jump('dead');
  code.label('dead').sti().hlt().jump('dead');
  entry(0x18, 0xe0a0).service('no-boot').label('no-boot').sti().hlt().jump('no-boot');
  // Boots, or falls through to INT 18h when no drive could.
  entry(0x19, 0xe6f2).jump('boot');
  code.at(SYSTEM_TABLE).data(...SYSTEM_DESCRIPTION);
  code.at(0xe710, 'boot').service('boot').jumpIfCarry('boot-failed').sti().jumpFar(0, 0x7c00);
  code.label('boot-failed').interrupt(0x18).jump('boot');
  for (const [vector, offset] of PLAIN_SERVICES) {
    entry(vector, offset)
      .service(`int${vector.toString(16)}`)
      .iret();
  }
  // The tick: IBM's handler calls 1Ch with AX, DX and DS saved, before it ends the interrupt.
  entry(0x08, 0xfea5).push(AX).push(DX).pushDs().service('tick').interrupt(0x1c);
  code.cli().loadAl(EOI).outAl(MASTER).popDs().pop(DX).pop(AX).iret();
  entry(0x09, 0xe987).push(AX).inAl(KEYBOARD_DATA).loadAh(KEYBOARD_INTERCEPT).setCarry().interrupt(0x15);
  code.jumpIfNoCarry('key-done').service('key').jumpIfNoCarry('key-done').interrupt(0x1b);
  code.label('key-done').cli().loadAl(EOI).outAl(MASTER).pop(AX).iret();
  entry(0x15, 0xf859).service('int15').jumpIfCarry('wait').iret();
  code.label('wait').sti().hlt().service('wait').jumpIfCarry('wait').iret();
  entry(0x16, 0xe82e).label('key-wait').service('int16').jumpIfCarry('key-idle').iret();
  code.label('key-idle').sti().hlt().jump('key-wait');
  entry(0x70, 0xe780).push(AX).service('rtc').jumpIfNoCarry('rtc-done').interrupt(0x4a);
  code.label('rtc-done').cli().loadAl(EOI).outAl(SLAVE).outAl(MASTER).pop(AX).iret();
  // A coprocessor error reaches programs as an NMI, as on the first PCs.
  entry(0x75, 0xe7a0).push(AX).loadAl(0).outAl(FPU_BUSY).loadAl(EOI).outAl(SLAVE).outAl(MASTER).pop(AX);
  code.interrupt(2).iret();
  code.at(0xe7c0, 'master-irq').push(AX).loadAl(EOI).outAl(MASTER).pop(AX).iret();
  code.label('slave-irq').push(AX).loadAl(EOI).outAl(SLAVE).outAl(MASTER).pop(AX).iret();
  for (const vector of [0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f]) vectors.set(vector, 'master-irq');
  for (const vector of [0x71, 0x72, 0x73, 0x74, 0x76, 0x77]) vectors.set(vector, 'slave-irq');
  code.at(DISKETTE_TABLE).data(...DISKETTE_PARAMETERS);
  code.at(0xff53, 'dummy').iret();
  code.at(POWER_ON_ENTRY).jumpFar(ROM_SEGMENT, 0xe05b);
  code.data(...[...'11/23/26'].map((character) => character.charCodeAt(0)));
  // An AT, as every PC since has said.
  code.at(0xfffe).data(0xfc);
  code.finish();
  const offsets = new Map([...vectors].map(([vector, label]) => [vector, code.offsetOf(label)]));
  return { bytes: code.bytes, services: code.services, vectors: offsets, dummy: code.offsetOf('dummy') };
}
