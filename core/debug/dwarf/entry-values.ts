/**
 * What a register or parameter held when a function was entered: what the call site says it passed, worked
 * out in the caller's frame. DWARF 5, 2.5.1.7 and 3.4. Anything that is not certain is not available.
 */
import { StorageError } from '../storage.ts';
import * as at from './attributes.ts';
import { passedIn, passedValue } from './call-sites.ts';
import type { Entry } from './entries.ts';
import type { EntryBudget, FrameFile, FrameView } from './frame-view.ts';
import { evaluateValue, type LocationContext } from './location.ts';

export function entryBudget(): EntryBudget {
  return { left: 256 };
}

/** For DW_OP_entry_value. @param code names the register @throws StorageError */
export async function entryRegister(
  code: Uint8Array,
  frame: FrameView | undefined,
  file: FrameFile,
  budget: EntryBudget,
) {
  const wanted = passedIn(code);
  if (wanted === undefined) throw unknown();
  const isParameter = (parameter: Entry) => {
    const location = parameter.attributes.get(at.AT_LOCATION);
    const place = location?.kind === 'block' ? passedRegister(location.bytes) : undefined;
    return place === wanted.register;
  };
  return passed(frame, file, budget, isParameter, wanted.isBehind);
}

/** For DW_OP_GNU_parameter_ref. @param wanted the parameter of the function @throws StorageError */
export async function entryParameter(
  wanted: Entry,
  frame: FrameView | undefined,
  file: FrameFile,
  budget: EntryBudget,
) {
  const isParameter = (parameter: Entry) =>
    (parameter.reference(at.AT_CALL_PARAMETER) ?? parameter.reference(at.AT_ABSTRACT_ORIGIN)) === wanted;
  return passed(frame, file, budget, isParameter, false);
}

/** A parameter in memory is told of as `DW_OP_breg… 0`, its register being where it points from. */
function passedRegister(code: Uint8Array): number | undefined {
  if (code.length > 2) return undefined;
  return passedIn(code)?.register ?? passedIn(Uint8Array.of(...code, 0x06))?.register;
}

async function passed(
  frame: FrameView | undefined,
  file: FrameFile,
  budget: EntryBudget,
  isParameter: (parameter: Entry) => boolean,
  isBehind: boolean,
): Promise<number> {
  if (budget.left-- <= 0 || frame?.caller === undefined) throw unknown();
  const { variables, frame: caller } = frame.caller;
  const callee = file.subprogramAt(frame.pc);
  const site = variables.callAt(caller.pc + 1);
  if (callee === undefined || site === undefined) throw unknown();
  const context = variables.locationContext(site, caller, budget);
  const isCalled = (await targets(site, variables, context)).includes(file.entryOf(callee) ?? -1);
  // Called was another function, which went on in this one.
  if (!isCalled || !file.calls.isEnteredOnlyByCalls(callee)) throw unknown();
  const value = passedValue(site, isParameter, isBehind);
  if (value === undefined) throw unknown();
  return evaluateValue(value, context);
}

/** Addresses of the running code that a site may call. */
async function targets(site: Entry, caller: FrameFile, context: LocationContext): Promise<readonly number[]> {
  const target = caller.calls.targetOf(site);
  if (target === undefined) return [];
  if (target instanceof Uint8Array) return [await evaluateValue(target, context)];
  return target.map((address) => (address + context.loadOffset) >>> 0);
}

function unknown(): StorageError {
  return new StorageError('<optimized out>');
}
