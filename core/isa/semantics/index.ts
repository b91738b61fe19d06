/** Every meaning by mnemonic: one source for both tiers. */
import { alu } from './alu.ts';
import { bcd } from './bcd.ts';
import { bits } from './bits.ts';
import { control } from './control.ts';
import type { Meaning } from './emitter.ts';
import { move } from './move.ts';
import { multiply } from './multiply.ts';
import { shift } from './shift.ts';
import { stack } from './stack.ts';
import { strings } from './strings.ts';
import { x87 } from './x87.ts';
import { x87Control } from './x87-control.ts';

export type { Meaning } from './emitter.ts';

export const MEANINGS: Readonly<Record<string, Meaning>> = {
  ...alu,
  ...bcd,
  ...bits,
  ...control,
  ...move,
  ...multiply,
  ...shift,
  ...stack,
  ...strings,
  ...x87,
  ...x87Control,
};
