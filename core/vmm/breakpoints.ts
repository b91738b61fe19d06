/**
 * The guest's own breakpoints: DR0–DR3 as DR7 arms them (SDM vol. 3, 17.2 and 17.3). They use what hidden points
 * use, beside them: execution breakpoints are code points of the engine, data breakpoints are watched ranges of
 * the shadow tables. Says which conditions were met; delivering the #DB is the loop's business.
 *
 * All accesses to linear addresses count that the processor makes for an instruction or an event, descriptor
 * tables, TSS and the stack of a delivery included; page walks do not, having no linear address. Conditions that
 * DR7 does not enable are never reported in DR6, which leaves the processor the choice (17.2.3).
 */
import { RF } from '../isa/eflags.ts';
import { CS } from '../isa/registers.ts';
import { CTX_FLAG_REST } from '../memory/layout.ts';
import type { Context } from '../vcpu/context.ts';
import type { Engine } from '../vcpu/engine.ts';
import type { GuestSpace } from './guest-space.ts';
import { CR4_DE, DR6_BS, DR7_ENABLES, SHADOW_SS, type VirtualCpu } from './virtual-cpu.ts';
import type { Watch } from './watch-ranges.ts';

/** R/Wn. */
const ON_EXECUTION = 0;
const ON_WRITE = 1;
const ON_PORT = 2;
/**
 * Bytes by LENn. 10b is undefined for the processor that CPUID names; later ones made it eight bytes, and who
 * writes it means that.
 */
const LENGTHS = [1, 2, 8, 4];
const NONE: ReadonlySet<number> = new Set();

interface Breakpoint {
  /** n of DRn and Bn. */
  readonly register: number;
  readonly address: number;
}

export interface BreakpointParts {
  readonly context: Context;
  readonly cpu: VirtualCpu;
  readonly space: GuestSpace;
  readonly engine: Pick<Engine, 'setCodePoints'>;
}

export class Breakpoints {
  /** False while DR7 enables nothing: all that an unarmed guest is asked. */
  armed = false;
  /** One of them waits for an execution. */
  executes = false;
  readonly #parts: BreakpointParts;
  #code: readonly Breakpoint[] = [];
  #ports: readonly (Breakpoint & { readonly length: number })[] = [];
  #portsMet = 0;
  /** The debugger's code points. */
  #hidden = NONE;

  constructor(parts: BreakpointParts) {
    this.#parts = parts;
  }

  /** DR0–DR3, DR7 or CR4.DE may have changed. */
  update(): void {
    const { dr, cr4 } = this.#parts.cpu;
    const armed = (dr[7] & DR7_ENABLES) !== 0;
    if (!armed && !this.armed) return;
    const code: Breakpoint[] = [];
    const ports: (Breakpoint & { length: number })[] = [];
    const data: Watch[] = [];
    for (let register = 0; register < 4; register++) {
      // Ln and Gn differ only in a task switch.
      if (((dr[7] >>> (2 * register)) & 3) === 0) continue;
      const kind = (dr[7] >>> (16 + 4 * register)) & 3;
      const length = LENGTHS[(dr[7] >>> (18 + 4 * register)) & 3];
      // The low bits that LENn covers do not count (17.2.5). With an execution LENn has to be one byte.
      const address = (dr[register] & -length) >>> 0;
      if (kind === ON_EXECUTION) code.push({ register, address: dr[register] });
      else if (kind !== ON_PORT)
        data.push({ id: register, space: 'linear', address, length, access: kind === ON_WRITE ? 'write' : 'access' });
      // Without CR4.DE this R/Wn is undefined: nothing meets it.
      else if (cr4 & CR4_DE) ports.push({ register, address, length });
    }
    // The engine compares whole sets of points, and a debugger may have thousands.
    const moved = code.length !== this.#code.length || code.some(({ address }, n) => address !== this.#code[n].address);
    this.armed = armed;
    this.executes = code.length > 0;
    this.#code = code;
    this.#ports = ports;
    this.#parts.space.setBreakpoints(data);
    if (moved) this.#giveCodePoints();
  }

  /** The debugger's code points, linear addresses or EIPs. Replaces the previous set. */
  setCodePoints(points: ReadonlySet<number>): void {
    this.#hidden = points;
    this.#giveCodePoints();
  }

  /** A code point of the debugger is at the next instruction. */
  get hiddenHere(): boolean {
    const { context } = this.#parts;
    return this.#hidden.has(this.#linearPc) || this.#hidden.has(context.eip);
  }

  /** Bn of the execution breakpoints at the next instruction, unless RF or the load of SS before it holds them off. */
  executionMet(): number {
    const { context, cpu } = this.#parts;
    if (context.word(CTX_FLAG_REST) & RF || cpu.interruptShadow === SHADOW_SS) return 0;
    const linear = this.#linearPc;
    let met = 0;
    for (const { register, address } of this.#code) if (address === linear) met |= 1 << register;
    return met;
  }

  /** An access to ports is being made. */
  touchPorts(port: number, width: number): void {
    for (const { register, address, length } of this.#ports)
      if (port < address + length && address < port + width) this.#portsMet |= 1 << register;
  }

  /** Bn of the data and port breakpoints met since the last call. */
  takeMet(): number {
    const met = this.#portsMet | this.#parts.space.takeBreakpointsMet();
    this.#portsMet = 0;
    return met;
  }

  get #linearPc(): number {
    const { context } = this.#parts;
    return (context.segmentBase(CS) + context.eip) >>> 0;
  }

  #giveCodePoints(): void {
    const own = this.#code.map(({ address }) => address);
    this.#parts.engine.setCodePoints(own.length === 0 ? this.#hidden : new Set([...this.#hidden, ...own]));
  }
}

/** Why there is a #DB with these DR6 bits, in words. */
export function debugCause(bits: number): string {
  const reasons = bits & DR6_BS ? ['single step'] : [];
  for (let register = 0; register < 4; register++)
    if (bits & (1 << register)) reasons.push(`breakpoint in DR${register}`);
  return reasons.join(' and ');
}
