/** Exception vectors and their classes (SDM vol. 3, table 6-1), and the record kept of each fault. */
export const DE = 0;
export const DB = 1;
export const NMI = 2;
export const BP = 3;
/** #OF: named so as not to clash with the flag. */
export const OVERFLOW = 4;
export const BR = 5;
export const UD = 6;
export const NM = 7;
export const DOUBLE_FAULT = 8;
export const TS = 10;
export const NP = 11;
export const STACK_FAULT = 12;
export const GP = 13;
export const PAGE_FAULT = 14;
export const MF = 16;
export const AC_FAULT = 17;
export const MC = 18;

export const EXCEPTION_NAMES: readonly string[] = [
  '#DE',
  '#DB',
  'NMI',
  '#BP',
  '#OF',
  '#BR',
  '#UD',
  '#NM',
  '#DF',
  '#9',
  '#TS',
  '#NP',
  '#SS',
  '#GP',
  '#PF',
  '#15',
  '#MF',
  '#AC',
  '#MC',
  '#XM',
  '#VE',
  '#CP',
  '#22',
  '#23',
  '#24',
  '#25',
  '#26',
  '#27',
  '#28',
  '#29',
  '#30',
  '#31',
];

/** True for the vectors that push an error code. */
export function hasErrorCode(vector: number): boolean {
  return vector === DOUBLE_FAULT || (vector >= TS && vector <= PAGE_FAULT) || vector === AC_FAULT;
}

// Page-fault error code bits (SDM vol. 3, 4.7).
export const PF_PRESENT = 1;
export const PF_WRITE = 2;
export const PF_USER = 4;
export const PF_RESERVED = 8;
export const PF_FETCH = 16;

/** One fault as it happened; a chain of them explains a #DF or a triple fault. */
export interface FaultRecord {
  readonly vector: number;
  /** Undefined when the vector has none. */
  readonly errorCode?: number;
  readonly cs: number;
  readonly eip: number;
  readonly cpl: number;
  /** Only for #PF. */
  readonly cr2?: number;
  /** Step at which it was raised. */
  readonly step: number;
  /** Why, in words: `IDT gate 14 not present`. */
  readonly cause: string;
}

/** A guest fault on its way to delivery: data, returned, never thrown. */
export interface Fault {
  readonly vector: number;
  readonly errorCode: number;
  /** Linear address for #PF. */
  readonly linear?: number;
  readonly cause: string;
}
