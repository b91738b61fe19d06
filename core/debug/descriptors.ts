/**
 * Entries of the GDT, LDT and IDT in words, for people (SDM vol. 3, 3.4.5, 3.5 and 6.11). Reading the tables
 * is the caller's; the checks that the CPU makes are in core/vmm.
 */
import {
  DESC_ACCESSED,
  DESC_BIG,
  DESC_CODE,
  DESC_CONFORMING,
  DESC_PRESENT,
  DESC_RW,
  DESC_S,
  descriptorBase,
  descriptorDpl,
  descriptorLimit,
  descriptorType,
} from '../isa/descriptors.ts';
import { hex } from '../util/hex.ts';

interface Common {
  /** `code32`, `data16`, `TSS32-busy`, `IntGate32`, … */
  readonly type: string;
  readonly dpl: number;
  readonly present: boolean;
}
export interface SegmentDescriptor extends Common {
  readonly kind: 'segment';
  readonly base: number;
  readonly limit: number;
  /** `CRA` or `EWA` where set, `-` where not; empty for LDT and TSS. */
  readonly attributes: string;
}
export interface GateDescriptor extends Common {
  readonly kind: 'gate';
  readonly selector: number;
  /** 0 for a task gate, whose offset field is not used. */
  readonly offset: number;
}
export type Descriptor = SegmentDescriptor | GateDescriptor;

/** Types 0–15 of system descriptors (SDM vol. 3, table 3-2). */
const SYSTEM_TYPES: readonly string[] = [
  'Reserved',
  'TSS16-avl',
  'LDT',
  'TSS16-busy',
  'CallGate16',
  'TaskGate',
  'IntGate16',
  'TrapGate16',
  'Reserved',
  'TSS32-avl',
  'Reserved',
  'TSS32-busy',
  'CallGate32',
  'Reserved',
  'IntGate32',
  'TrapGate32',
];
const GATE_TYPES: ReadonlySet<number> = new Set([4, 5, 6, 7, 12, 14, 15]);

export function systemTypeName(type: number): string {
  return SYSTEM_TYPES[type];
}

/** An entry of the GDT or an LDT; undefined for one that is all zeroes. */
export function decodeDescriptor(low: number, high: number): Descriptor | undefined {
  if (low === 0 && high === 0) return undefined;
  const type = descriptorType(high);
  const system = (high & DESC_S) === 0;
  if (system && GATE_TYPES.has(type)) return decodeGate(low, high);
  const bit = (mask: number, letter: string) => (high & mask ? letter : '-');
  const code = (high & DESC_CODE) !== 0;
  return {
    kind: 'segment',
    type: system ? SYSTEM_TYPES[type] : `${code ? 'code' : 'data'}${high & DESC_BIG ? 32 : 16}`,
    base: descriptorBase(low, high),
    limit: descriptorLimit(low, high),
    attributes: system
      ? ''
      : `${bit(DESC_CONFORMING, code ? 'C' : 'E')}${bit(DESC_RW, code ? 'R' : 'W')}${bit(DESC_ACCESSED, 'A')}`,
    dpl: descriptorDpl(high),
    present: (high & DESC_PRESENT) !== 0,
  };
}

/** An entry of the IDT; undefined for one that is all zeroes. */
export function decodeGate(low: number, high: number): GateDescriptor | undefined {
  if (low === 0 && high === 0) return undefined;
  return {
    kind: 'gate',
    type: high & DESC_S ? 'not a gate' : SYSTEM_TYPES[descriptorType(high)],
    selector: low >>> 16,
    offset: ((high & 0xffff0000) | (low & 0xffff)) >>> 0,
    dpl: descriptorDpl(high),
    present: (high & DESC_PRESENT) !== 0,
  };
}

/** `base=… limit=… DPL=0 code32 [-RA]`, `0008:c0100000 DPL=0 IntGate32`. */
export function descriptorText(descriptor: Descriptor): string {
  const { type, dpl, present } = descriptor;
  const absent = present ? '' : ' not present';
  if (descriptor.kind === 'gate')
    return `${hex(descriptor.selector, 4)}:${hex(descriptor.offset)} DPL=${dpl} ${type}${absent}`;
  const { base, limit, attributes } = descriptor;
  const letters = attributes === '' ? '' : ` [${attributes}]`;
  return `base=${hex(base)} limit=${hex(limit)} DPL=${dpl} ${type}${letters}${absent}`;
}
