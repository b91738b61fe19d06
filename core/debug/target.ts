/**
 * The one interface between a debugger front end and a machine. Plain messages, asynchronous, so that it
 * may cross a worker or a socket. A capability that is absent is not supported and not advertised.
 */
import type { DeviceState } from '../bus/device.ts';
import type { FaultRecord } from '../isa/exceptions.ts';

export type Address =
  /** In the current address space, or in that of `cr3`. */
  | { readonly space: 'linear'; readonly offset: number; readonly cr3?: number }
  | { readonly space: 'physical'; readonly offset: number }
  | { readonly space: 'port'; readonly offset: number };

export function linear(offset: number): Address {
  return { space: 'linear', offset: offset >>> 0 };
}

export interface SegmentValue {
  readonly selector: number;
  readonly base: number;
  readonly limit: number;
  /** Bits 8–23 of the descriptor's second word in place; 0 = unusable. */
  readonly access: number;
}

export interface FpuValue {
  readonly control: number;
  /** Status word with TOP. */
  readonly status: number;
  /** Full 16-bit tag word. */
  readonly tag: number;
  readonly instructionSelector: number;
  readonly instructionOffset: number;
  readonly dataSelector: number;
  readonly dataOffset: number;
  readonly opcode: number;
  /** ST0 first, 10 bytes each, relative to the top of the stack. */
  readonly st: readonly Uint8Array[];
}

/** Everything a debugger shows of a vCPU. All numbers unsigned. */
export interface Registers {
  /** eax ecx edx ebx esp ebp esi edi */
  readonly general: readonly number[];
  /** Offset in CS. */
  readonly eip: number;
  readonly eflags: number;
  /** es cs ss ds fs gs */
  readonly segments: readonly SegmentValue[];
  readonly ldtr: SegmentValue;
  readonly tr: SegmentValue;
  readonly gdtr: { readonly base: number; readonly limit: number };
  readonly idtr: { readonly base: number; readonly limit: number };
  readonly cr0: number;
  readonly cr2: number;
  readonly cr3: number;
  readonly cr4: number;
  readonly dr: readonly number[];
  readonly fpu: FpuValue;
  readonly cpl: number;
  /** CS.D: 16 or 32. */
  readonly codeBits: 16 | 32;
  /** Steps retired since power-on. */
  readonly steps: number;
  readonly halted: boolean;
}

/**
 * Names a debugger may write: the general registers, eip, eflags, the segment registers (loads the
 * hidden part as the current mode would), cr0 cr2 cr3 cr4, dr0–dr7, gdtr_base gdtr_limit idtr_base
 * idtr_limit, ldtr, tr, fctrl fstat ftag fiseg fioff foseg fooff fop, st0–st7 (10 bytes).
 */
export type RegisterName = string;
export type WriteResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export interface Scope {
  /** Only in this address space. */
  readonly cr3?: number;
  /** Only at this privilege. */
  readonly cpl?: number;
}

/** How EIP and ESP are shown: offset in the segment, linear address, or linear in 16-bit code only. */
export type PcMode = 'auto' | 'linear' | 'offset';

interface PointCommon {
  /** GDB agent bytecode; the point counts only when it yields non-zero. */
  readonly condition?: Uint8Array;
  /** How the condition's EIP and ESP read; as offsets where nothing is said. */
  readonly pcMode?: PcMode;
  readonly scope?: Scope;
}
export type Point = PointCommon &
  (
    | { readonly kind: 'code'; readonly address: Address }
    | {
        readonly kind: 'data';
        readonly address: Address;
        readonly length: number;
        readonly access: 'read' | 'write' | 'access';
      }
    | {
        readonly kind: 'port';
        readonly port: number;
        readonly length: number;
        readonly access: 'read' | 'write' | 'access';
      }
    /** Before delivery of an exception, an interrupt request or INT n. */
    | {
        readonly kind: 'vector';
        readonly vector: number;
        readonly source: 'exception' | 'interrupt' | 'software' | 'any';
      }
    | { readonly kind: 'mode'; readonly change: 'protected' | 'real' | 'paging' | 'cpl' | 'cr3' }
  );

export type Resume =
  | { readonly kind: 'continue' /** Deliver this exception to the guest first. */; readonly vector?: number }
  /**
   * `count` steps (1). Interrupts that are due run their handlers to the return first and are not part of a
   * step; with `interrupts` the next step counts whatever it is, also one of a handler.
   */
  | { readonly kind: 'step'; readonly count?: number; readonly interrupts?: boolean; readonly vector?: number }
  /**
   * Steps until EIP leaves [start, end). Firmware called inside runs to its return; with `over` all calls and
   * interrupts do.
   */
  | { readonly kind: 'range'; readonly start: number; readonly end: number; readonly over?: boolean }
  /** Runs until `address` (linear), a return address, is reached with the stack popped above `frame` (linear). */
  | { readonly kind: 'until'; readonly address: number; readonly frame: number };

export type StopReason =
  | 'entry'
  | 'breakpoint'
  | 'watchpoint'
  | 'port'
  | 'vector'
  | 'mode'
  | 'step'
  | 'interrupted'
  /** The machine shut down by a triple fault; all state is kept. */
  | 'triple-fault'
  | 'reset'
  | 'poweroff'
  /** Port F4h or `exit`: `status` holds the exit status. */
  | 'exit'
  | 'limit'
  /** Something that is not built yet; `message` names it. The machine cannot go on. */
  | 'refused';

export interface Stop {
  readonly vcpu: number;
  readonly step: number;
  readonly reason: StopReason;
  /** Ids of the points that were hit. */
  readonly points: readonly number[];
  /** For a watchpoint or port point: what was touched first. */
  readonly access?: {
    readonly address: Address;
    readonly size: number;
    readonly kind: 'read' | 'write';
    readonly value?: number;
  };
  /** For vector, triple-fault: the faults that led here, first one first. */
  readonly exceptions?: readonly FaultRecord[];
  readonly status?: number;
  readonly message?: string;
}

export type TargetEvent =
  | { readonly kind: 'output'; readonly channel: 'serial' | 'debugcon'; readonly bytes: Uint8Array }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'stopped'; readonly stop: Stop }
  /** The guest runs but every vCPU halts: it waits for an input, or when `dead` for nothing at all. */
  | { readonly kind: 'idle'; readonly dead: boolean }
  | { readonly kind: 'message'; readonly text: string };

/** What was booted, for symbol loading. */
export interface ImageInfo {
  readonly name: string;
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A device's state by field name, as it would be saved; read-only. */
export interface DeviceView {
  /** Unique within a machine, e.g. `pic`, `uart0`. */
  readonly name: string;
  readonly state: DeviceState;
}

export interface DebugTarget {
  readonly vcpus: number;
  readRegisters(vcpu: number): Promise<Registers>;
  writeRegister(vcpu: number, name: RegisterName, value: number | Uint8Array): Promise<WriteResult>;
  /** May answer fewer bytes than asked: the rest is unmapped. Never sets A/D bits, never touches MMIO. */
  readMemory(address: Address, length: number): Promise<Uint8Array>;
  /** Bytes written; fewer than given where the rest is unmapped or ROM. */
  writeMemory(address: Address, bytes: Uint8Array): Promise<number>;
  /** Arms a point and answers its id; undefined when this kind is not supported. */
  addPoint(point: Point): Promise<number | undefined>;
  removePoint(id: number): Promise<boolean>;
  /** Resolves when the guest stops. Rejects (assert) if it is already running. */
  resume(how: Resume): Promise<Stop>;
  readonly running: boolean;
  /** The last stop; `entry` before the first run. */
  readonly lastStop: Stop;
  /** Asks a running guest to stop; while stopped it is remembered for the next resume. */
  interrupt(): void;
  /** Resets the machine (a machine operation: points and clients stay). */
  reset(): Promise<void>;
  /** Bytes typed on COM1, entered at the current step and logged. */
  sendSerial(bytes: Uint8Array): Promise<void>;
  subscribe(listener: (event: TargetEvent) => void): () => void;
  readonly image?: ImageInfo;
  /** Who controls the machine at present; the others may look but not resume it. */
  readonly controller?: string;
  /**
   * Makes `client` the controller and answers the function that gives control back; undefined while
   * another one has it. Taking control forgets an interrupt that nobody has been told of.
   */
  claim?(client: string): (() => void) | undefined;
  /** A monitor command (`help`, `stats`, `info registers`, …); undefined = unknown command. */
  monitor?(command: string): Promise<string | undefined>;
  /** What the devices hold, in the machine's order. Looking changes nothing. */
  devices?(): Promise<readonly DeviceView[]>;
}
