/** Builds descriptors and tables for tests, and a protected-mode set-up to start from. */
import { CS, SS } from '../../../core/isa/registers.ts';
import type { CpuRig } from './cpu-rig.ts';

export const GDT = 0x1000;
export const IDT = 0x2000;
export const TSS = 0x3000;
export const LDT = 0x3800;

export const CODE0 = 0x08;
export const DATA0 = 0x10;
export const CODE3 = 0x1b;
export const DATA3 = 0x23;
export const TSS_SELECTOR = 0x28;
export const LDT_SELECTOR = 0x30;
/** First entry free for a test. */
export const FREE = 0x40;

/** Stack of ring 0 as the TSS has it, and the ones the set-up starts with. */
export const TSS_ESP0 = 0x9000;
export const STACK0 = 0x8000;
export const STACK3 = 0x7000;

/** @param access bits 8–23 of the second word, e.g. 0xC09B00 */
export function descriptor(base: number, limit: number, access: number): [number, number] {
  const scaled = access & 0x800000 ? limit >>> 12 : limit;
  const low = ((base << 16) | (scaled & 0xffff)) >>> 0;
  const high = ((base & 0xff000000) | access | (scaled & 0xf0000) | ((base >>> 16) & 0xff)) >>> 0;
  return [low, high];
}

/** @param access e.g. 0x8E00 for a 32-bit interrupt gate, 0xEF00 for a trap gate of DPL 3 */
export function gate(selector: number, offset: number, access: number): [number, number] {
  return [((selector << 16) | (offset & 0xffff)) >>> 0, ((offset & 0xffff0000) | access) >>> 0];
}

export function putDescriptor(rig: CpuRig, selector: number, [low, high]: [number, number]): void {
  const table = selector & 4 ? LDT : GDT;
  rig.poke(table + (selector & 0xfff8), low);
  rig.poke(table + (selector & 0xfff8) + 4, high);
}

export function putGate(rig: CpuRig, vector: number, [low, high]: [number, number]): void {
  rig.poke(IDT + vector * 8, low);
  rig.poke(IDT + vector * 8 + 4, high);
}

export const CODE_ACCESS = 0xc09b00;
export const DATA_ACCESS = 0xc09300;

/** Flat ring `cpl`, GDT with the selectors above, a TSS with a ring 0 stack, an IDT of 32-bit interrupt gates
 * whose handlers are at 0xA000 + 16 * vector. EIP 0x5000. */
export function protectedMode(rig: CpuRig, cpl: 0 | 3 = 0): void {
  const { cpu, context, vmm } = rig;
  putDescriptor(rig, CODE0, descriptor(0, 0xffffffff, CODE_ACCESS));
  putDescriptor(rig, DATA0, descriptor(0, 0xffffffff, DATA_ACCESS));
  putDescriptor(rig, CODE3, descriptor(0, 0xffffffff, CODE_ACCESS | 0x6000));
  putDescriptor(rig, DATA3, descriptor(0, 0xffffffff, DATA_ACCESS | 0x6000));
  putDescriptor(rig, TSS_SELECTOR, descriptor(TSS, 0x7ff, 0x8b00));
  putDescriptor(rig, LDT_SELECTOR, descriptor(LDT, 0xff, 0x8200));
  Object.assign(cpu.gdtr, { base: GDT, limit: 0xff });
  Object.assign(cpu.idtr, { base: IDT, limit: 0x7ff });
  Object.assign(cpu.tr, { selector: TSS_SELECTOR, base: TSS, limit: 0x7ff, access: 0x8b00 });
  Object.assign(cpu.ldtr, { selector: 0, base: 0, limit: 0, access: 0 });
  rig.poke(TSS + 4, TSS_ESP0);
  rig.poke(TSS + 8, DATA0);
  for (let vector = 0; vector < 64; vector++) putGate(rig, vector, gate(CODE0, 0xa000 + 16 * vector, 0x8e00));
  vmm.monitor.setCr0(cpu.cr0 | 1);
  const dpl = cpl << 13;
  for (let segment = 0; segment < 6; segment++) {
    const code = segment === CS;
    const selector = cpl === 0 ? (code ? CODE0 : DATA0) : code ? CODE3 : DATA3;
    const access = (code ? CODE_ACCESS : DATA_ACCESS) | dpl;
    context.setSegment(segment, { selector, base: 0, limit: 0xffffffff, access });
  }
  vmm.monitor.setCpl(cpl);
  context.setRegister(4, cpl === 0 ? STACK0 : STACK3);
  context.eip = 0x5000;
  context.eflags = 2;
}

export function stackSelector(rig: CpuRig): number {
  return rig.context.selector(SS);
}
