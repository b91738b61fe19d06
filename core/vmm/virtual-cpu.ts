/**
 * The privileged state of one virtual CPU (SDM vol. 3, 2.1): control, debug and table registers, model
 * specific registers, and what the CPU remembers between two instructions (halt, interrupt shadow).
 * Direct execution never sees it; general registers and segment caches are in the `Context`.
 */
import type { DeviceState } from '../bus/device.ts';
import { flag, int, list, record, StateShape, text } from '../bus/state-shape.ts';
import { UserError } from '../util/errors.ts';
import type { SegmentCache } from '../vcpu/context.ts';
import type { PagingControl } from './space-cache.ts';

export const CR0_PE = 1 << 0;
export const CR0_MP = 1 << 1;
export const CR0_EM = 1 << 2;
export const CR0_TS = 1 << 3;
export const CR0_ET = 1 << 4;
export const CR0_NE = 1 << 5;
export const CR0_WP = 1 << 16;
export const CR0_AM = 1 << 18;
export const CR0_NW = 1 << 29;
export const CR0_CD = 1 << 30;
export const CR0_PG = 1 << 31;

export const CR4_VME = 1 << 0;
export const CR4_PVI = 1 << 1;
export const CR4_TSD = 1 << 2;
export const CR4_DE = 1 << 3;
export const CR4_PSE = 1 << 4;
export const CR4_PAE = 1 << 5;
export const CR4_PCE = 1 << 8;

export const DR6_BD = 1 << 13;
export const DR6_BS = 1 << 14;
export const DR7_GD = 1 << 13;
/** L0 G0 … L3 G3. */
export const DR7_ENABLES = 0xff;

/** Values of `interruptShadow`: what may not come before the next instruction (SDM vol. 3, 6.8.3). */
export const SHADOW_NONE = 0;
/** After STI: no maskable interrupt. */
export const SHADOW_STI = 1;
/** After a load of SS: no interrupt and no debug trap, so that ESP can be loaded too. */
export const SHADOW_SS = 2;

/** EDX after reset and CPUID.1:EAX: family 6, model 1, stepping 9. */
export const CPU_SIGNATURE = 0x619;

export interface TableRegister {
  base: number;
  limit: number;
}

interface CpuState {
  cr0: number;
  cr2: number;
  cr3: number;
  cr4: number;
  a20: boolean;
  gdtr: TableRegister;
  idtr: TableRegister;
  ldtr: SegmentCache;
  tr: SegmentCache;
  dr: number[];
  tscOffset: string;
  cpl: number;
  halted: boolean;
  shutdown: boolean;
  interruptShadow: number;
  pendingDebug: number;
  deliveries: number;
  acknowledged: number;
}

const word = int(0, 0xffffffff);
const table = record<TableRegister>({ base: word, limit: int(0, 0xffff) });
const cache = record<SegmentCache>({ selector: int(0, 0xffff), base: word, limit: word, access: word });
const SHAPE = new StateShape<CpuState>(1, {
  cr0: word,
  cr2: word,
  cr3: word,
  cr4: word,
  a20: flag,
  gdtr: table,
  idtr: table,
  ldtr: cache,
  tr: cache,
  dr: list(8, word),
  tscOffset: text(20),
  cpl: int(0, 3),
  halted: flag,
  shutdown: flag,
  interruptShadow: int(0, 2),
  pendingDebug: word,
  deliveries: word,
  acknowledged: int(-1, 255),
});

export class VirtualCpu implements PagingControl {
  cr0 = 0;
  cr2 = 0;
  cr3 = 0;
  cr4 = 0;
  a20 = true;
  readonly gdtr: TableRegister = { base: 0, limit: 0 };
  readonly idtr: TableRegister = { base: 0, limit: 0 };
  readonly ldtr: SegmentCache = { selector: 0, base: 0, limit: 0, access: 0 };
  readonly tr: SegmentCache = { selector: 0, base: 0, limit: 0, access: 0 };
  readonly dr = new Uint32Array(8);
  /** Added to the virtual clock to give the time stamp counter; written by WRMSR. */
  tscOffset = 0n;
  /** Current privilege level; 0 in real mode. Change it through `Monitor.setCpl`. */
  cpl = 0;
  halted = false;
  /** Stopped by a triple fault; only a reset ends that. */
  shutdown = false;
  interruptShadow = SHADOW_NONE;
  /** DR6 bits of a debug trap that waits for delivery, 0 = none. */
  pendingDebug = 0;
  /** Exceptions and interrupts delivered since the last step retired. */
  deliveries = 0;
  /** Vector the interrupt controller gave and that is not delivered yet, or -1. */
  acknowledged = -1;

  constructor() {
    this.reset();
  }

  get protectedMode(): boolean {
    return (this.cr0 & CR0_PE) !== 0;
  }

  /** Values after RESET (SDM vol. 3, table 9-1). A20 belongs to the board and stays. */
  reset(): void {
    this.cr0 = (CR0_CD | CR0_NW | CR0_ET) >>> 0;
    this.cr2 = 0;
    this.cr3 = 0;
    this.cr4 = 0;
    setTable(this.gdtr, 0, 0xffff);
    setTable(this.idtr, 0, 0xffff);
    setCache(this.ldtr, 0, 0, 0xffff, 0x8200);
    setCache(this.tr, 0, 0, 0xffff, 0x8b00);
    this.dr.fill(0);
    this.dr[6] = 0xffff0ff0;
    this.dr[7] = 0x400;
    this.tscOffset = 0n;
    this.cpl = 0;
    this.halted = false;
    this.shutdown = false;
    this.interruptShadow = SHADOW_NONE;
    this.pendingDebug = 0;
    this.deliveries = 0;
    this.acknowledged = -1;
  }

  save(): DeviceState {
    return SHAPE.save({ ...this, dr: [...this.dr], tscOffset: this.tscOffset.toString() });
  }

  /** @throws UserError when a field is missing or out of range; the CPU is then unchanged. */
  load(state: DeviceState): void {
    const { gdtr, idtr, ldtr, tr, dr, tscOffset, ...rest } = SHAPE.load(state, 'cpu');
    const offset = parseOffset(tscOffset);
    Object.assign(this, rest);
    Object.assign(this.gdtr, gdtr);
    Object.assign(this.idtr, idtr);
    Object.assign(this.ldtr, ldtr);
    Object.assign(this.tr, tr);
    this.dr.set(dr);
    this.tscOffset = offset;
  }
}

export function setTable(table: TableRegister, base: number, limit: number): void {
  table.base = base >>> 0;
  table.limit = limit & 0xffff;
}

export function setCache(cache: SegmentCache, selector: number, base: number, limit: number, access: number): void {
  cache.selector = selector;
  cache.base = base;
  cache.limit = limit;
  cache.access = access;
}

function parseOffset(text: string): bigint {
  if (!/^-?\d{1,19}$/.test(text)) {
    throw new UserError(
      'state-invalid',
      'saved state of cpu.tscOffset: expected an integer',
      'the snapshot is damaged',
    );
  }
  return BigInt.asIntN(64, BigInt(text));
}
