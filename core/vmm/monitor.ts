/**
 * What every emulated instruction works on: the vCPU's two halves, the guest's memory, the ports, and
 * the fault or refusal it ends with. It decides nothing; `Vmm` runs the loop and owns the exits.
 */

import type { InterruptController, Width } from '../bus/device.ts';
import { AC } from '../isa/eflags.ts';
import { AC_FAULT, PAGE_FAULT } from '../isa/exceptions.ts';
import type { Instruction } from '../isa/instruction.ts';
import { CTX_FLAG_REST } from '../memory/layout.ts';
import type { Context } from '../vcpu/context.ts';
import { unalignedOperand } from '../vcpu/faults.ts';
import { type BreakpointParts, Breakpoints } from './breakpoints.ts';
import { DescriptorSlot } from './descriptor-slot.ts';
import type { Source } from './event-source.ts';
import type { GuestSpace } from './guest-space.ts';
import { FAULT, type Outcome, REFUSED } from './outcome.ts';
import { CR0_AM, CR0_EM, CR0_MP, CR0_PE, CR0_TS, type VirtualCpu } from './virtual-cpu.ts';

export type Handler = (monitor: Monitor, instruction: Instruction) => Outcome;

/** The port bus as the monitor sees it. */
export interface PortSpace {
  read(port: number, width: Width): number;
  write(port: number, width: Width, value: number): void;
}

const FPU_BITS = CR0_PE | CR0_MP | CR0_EM | CR0_TS;

/** Tells direct execution what CR0 means for x87 instructions (SDM vol. 3, 2.5). */
export function setFpuMode(context: Context, cr0: number): void {
  const waitOff = (cr0 & CR0_MP) !== 0 && (cr0 & CR0_TS) !== 0;
  context.setFpuMode((cr0 & (CR0_EM | CR0_TS)) !== 0, waitOff, (cr0 & CR0_PE) === 0);
}

/** Bits of `Monitor.modeChange`: what mode points watch. */
export const CHANGED_PROTECTED = 1;
export const CHANGED_REAL = 2;
export const CHANGED_PAGING = 4;
export const CHANGED_CPL = 8;
export const CHANGED_CR3 = 16;

export interface MonitorParts extends BreakpointParts {
  readonly ports: PortSpace;
  readonly interrupts: InterruptController;
  /** Ticks of the virtual clock, for the time stamp counter. */
  now(): number;
}

export class Monitor {
  readonly context: Context;
  readonly cpu: VirtualCpu;
  readonly space: GuestSpace;
  readonly ports: PortSpace;
  readonly interrupts: InterruptController;
  readonly now: () => number;
  readonly breakpoints: Breakpoints;

  faultVector = 0;
  faultCode = 0;
  faultLinear = 0;
  /** DR6 bits that say why there is a #DB. */
  faultDebug = 0;
  faultCause = '';
  refusal = '';
  /** CHANGED_* bits since the loop last looked. */
  modeChange = 0;
  /** Asks whether a vector point stops before this software interrupt; the loop puts the real one here. */
  stopsAt: (vector: number, source: Source) => boolean = () => false;
  /** Asks the built-in firmware to perform the call at this linear address; false when there is none. */
  firmwareCall: (linear: number) => boolean = () => false;
  /** Descriptors being examined: the code (or only) one, and the stack's. */
  readonly codeSlot = new DescriptorSlot();
  readonly stackSlot = new DescriptorSlot();
  readonly gateSlot = new DescriptorSlot();

  constructor(parts: MonitorParts) {
    this.context = parts.context;
    this.cpu = parts.cpu;
    this.space = parts.space;
    this.ports = parts.ports;
    this.interrupts = parts.interrupts;
    this.now = () => parts.now();
    this.breakpoints = new Breakpoints(parts);
  }

  /** Ends an instruction with an exception. */
  raise(vector: number, errorCode: number, cause: string): typeof FAULT {
    this.faultVector = vector;
    this.faultCode = errorCode;
    this.faultLinear = 0;
    this.faultDebug = 0;
    this.faultCause = cause;
    return FAULT;
  }

  /** Ends an instruction with the fault of the memory access that just failed. */
  memoryFault(): typeof FAULT {
    const { fault } = this.space;
    this.faultVector = fault.vector;
    this.faultCode = fault.errorCode;
    this.faultLinear = fault.vector === PAGE_FAULT ? (fault.linear ?? 0) : 0;
    this.faultCause = fault.cause;
    return FAULT;
  }

  refuse(what: string): typeof REFUSED {
    this.refusal = `${what} is not built yet`;
    return REFUSED;
  }

  /** True when ordinary accesses are user accesses. */
  get user(): boolean {
    return this.cpu.cpl === 3;
  }

  setCpl(cpl: number): void {
    if (cpl === this.cpu.cpl) return;
    this.modeChange |= CHANGED_CPL;
    const changed = (cpl === 3) !== (this.cpu.cpl === 3);
    this.cpu.cpl = cpl;
    if (changed) this.applyPrivilege();
  }

  /** Tells direct execution what CPL, CR0.AM and EFLAGS.AC ask of data accesses (SDM vol. 3, 2.5). Call when one changed. */
  applyPrivilege(): void {
    const { cpu, context, user } = this;
    context.setPrivilege(user, user && (cpu.cr0 & CR0_AM) !== 0 && (context.word(CTX_FLAG_REST) & AC) !== 0);
  }

  /** True when an access of the current privilege to `size` bytes at `linear` raises #AC. */
  unaligned(linear: number, size: number): boolean {
    return (linear & (size - 1)) !== 0 && this.context.alignmentChecked;
  }

  /** #AC; `errorCode` is 0, or EXT when an event is being delivered (SDM vol. 3, 6.13). */
  alignmentFault(linear: number, errorCode = 0): typeof FAULT {
    return this.raise(AC_FAULT, errorCode, unalignedOperand(linear));
  }

  /** Writes CR0 and makes it take effect; all checks are done. */
  setCr0(value: number): void {
    const { cpu, context } = this;
    const changed = (cpu.cr0 ^ value) >>> 0;
    cpu.cr0 = value >>> 0;
    if (changed & 1) this.modeChange |= value & 1 ? CHANGED_PROTECTED : CHANGED_REAL;
    if (changed & 0x80000000) this.modeChange |= CHANGED_PAGING;
    if (changed & FPU_BITS) setFpuMode(context, value);
    if (changed & CR0_AM) this.applyPrivilege();
    if (changed & 0x80010001) {
      this.space.switchSpace(context);
      context.modeChanges++;
    }
  }

  setCr3(value: number): void {
    if (this.cpu.cr3 !== value) this.modeChange |= CHANGED_CR3;
    this.cpu.cr3 = value >>> 0;
    this.space.switchSpace(this.context);
  }

  setCr4(value: number): void {
    this.cpu.cr4 = value >>> 0;
    this.breakpoints.update();
    this.space.switchSpace(this.context);
  }
}
