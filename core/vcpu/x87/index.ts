/** All x87 routines by name; the tier-0 module defines them once, both tiers call them. */
import type { ModuleWriter } from '../../wasm/module.ts';
import { I32, I64 } from '../../wasm/opcodes.ts';
import { arithmetic } from './arithmetic.ts';
import { comparison } from './compare.ts';
import { environment } from './environment.ts';
import { loads } from './load.ts';
import { operands } from './operands.ts';
import { operations } from './operations.ts';
import { rounding } from './round.ts';
import { RoutineBody, type RoutineIndex, type Routines } from './routine.ts';
import { scaling } from './scale.ts';
import { stack } from './stack.ts';
import { stores } from './store.ts';

const ROUTINES: Routines = {
  ...rounding,
  ...operands,
  ...arithmetic,
  ...stack,
  ...operations,
  ...comparison,
  ...loads,
  ...stores,
  ...scaling,
  ...environment,
};

const TYPES = { i: I32, l: I64 } as const;

/** Adds routines to a module, all of them unless `names` says which; answers where they are. */
export function defineX87Routines(module: ModuleWriter, names = Object.keys(ROUTINES)): RoutineIndex {
  const known = new Map(
    names.map((name) => {
      const routine = ROUTINES[name];
      const letters = [...`i${routine.parameters}`] as ('i' | 'l')[];
      const type = module.type(
        letters.map((letter) => TYPES[letter]),
        routine.result === '' ? [] : [TYPES[routine.result]],
      );
      return [name, { index: module.declare(type), routine }];
    }),
  );
  for (const { index, routine } of known.values()) {
    const body = new RoutineBody(routine, known);
    routine.emit(body, ...body.parameters);
    // Bodies end in a return on every path that has a result.
    if (routine.result !== '') body.unreachable();
    module.define(index, body.c);
  }
  return known;
}
