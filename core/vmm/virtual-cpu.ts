/**
 * The privileged state of one virtual CPU (SDM vol. 3, 2.1): control, debug and table registers, model
 * specific registers, and what the CPU remembers between two instructions (halt, interrupt shadow).
 * Direct execution never sees it; general registers and segment caches are in the `Context`.
 */
import type { DeviceState, StateValue } from '../bus/device.ts';
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

const STATE_VERSION = 1;

export interface TableRegister {
  base: number;
  limit: number;
}

const NUMBER_FIELDS = ['cr0', 'cr2', 'cr3', 'cr4', 'cpl', 'interruptShadow', 'pendingDebug', 'acknowledged'] as const;
const FLAG_FIELDS = ['a20', 'halted', 'shutdown'] as const;

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
    this.acknowledged = -1;
  }

  save(): DeviceState {
    const state: DeviceState = { version: STATE_VERSION };
    for (const field of NUMBER_FIELDS) state[field] = this[field];
    for (const field of FLAG_FIELDS) state[field] = this[field];
    state.gdtr = { ...this.gdtr };
    state.idtr = { ...this.idtr };
    state.ldtr = { ...this.ldtr };
    state.tr = { ...this.tr };
    state.dr = [...this.dr];
    state.tscOffset = this.tscOffset.toString();
    return state;
  }

  /** @throws UserError when a field is missing or of the wrong kind; the CPU is then unchanged. */
  load(state: DeviceState): void {
    if (state.version !== STATE_VERSION) throw badState('version');
    const { dr } = state;
    for (const field of NUMBER_FIELDS) numberOf(state, field);
    for (const field of FLAG_FIELDS) if (typeof state[field] !== 'boolean') throw badState(field);
    const tables = (['gdtr', 'idtr', 'ldtr', 'tr'] as const).map((name) => recordOf(state, name));
    for (const table of tables.slice(2)) for (const field of ['selector', 'access']) numberOf(table, field);
    if (!Array.isArray(dr) || dr.length !== 8 || dr.some((value) => typeof value !== 'number')) throw badState('dr');
    if (typeof state.tscOffset !== 'string' || !/^-?\d{1,20}$/.test(state.tscOffset)) throw badState('tscOffset');
    for (const field of NUMBER_FIELDS) this[field] = numberOf(state, field);
    for (const field of FLAG_FIELDS) this[field] = state[field] as boolean;
    Object.assign(this.gdtr, tables[0]);
    Object.assign(this.idtr, tables[1]);
    Object.assign(this.ldtr, tables[2]);
    Object.assign(this.tr, tables[3]);
    this.dr.set(dr as number[]);
    this.tscOffset = BigInt(state.tscOffset);
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

function badState(field: string): UserError {
  return new UserError('bad-state', `the saved CPU state has no usable field ${field}`);
}

function numberOf(record: { [field: string]: StateValue }, field: string): number {
  const value = record[field];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw badState(field);
  return value;
}

function recordOf(state: DeviceState, field: string): { [field: string]: StateValue } {
  const value = state[field];
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
    throw badState(field);
  numberOf(value, 'base');
  numberOf(value, 'limit');
  return value;
}
