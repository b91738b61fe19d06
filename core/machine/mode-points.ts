/** Mode changes by name, as debuggers ask for them, and as bits, as the monitor reports them. */
import { CHANGED_CPL, CHANGED_CR3, CHANGED_PAGING, CHANGED_PROTECTED, CHANGED_REAL } from '../vmm/monitor.ts';

export type ModeChange = 'protected' | 'real' | 'paging' | 'cpl' | 'cr3';

const BITS: Readonly<Record<ModeChange, number>> = {
  protected: CHANGED_PROTECTED,
  real: CHANGED_REAL,
  paging: CHANGED_PAGING,
  cpl: CHANGED_CPL,
  cr3: CHANGED_CR3,
};

export function modeBits(changes: readonly ModeChange[]): number {
  return changes.reduce((bits, change) => bits | BITS[change], 0);
}

export function modeNames(bits: number): ModeChange[] {
  return (Object.keys(BITS) as ModeChange[]).filter((change) => bits & BITS[change]);
}
