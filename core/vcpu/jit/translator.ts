/** Makes one WebAssembly module out of a batch of straight runs, one function a run. */
import type { Decoder } from '../../isa/decode.ts';
import { formOf } from '../../isa/forms.ts';
import { MEANINGS } from '../../isa/semantics/index.ts';
import type { LinearMemory } from '../../memory/linear-memory.ts';
import { Code } from '../../wasm/code.ts';
import { ModuleWriter } from '../../wasm/module.ts';
import * as w from '../../wasm/opcodes.ts';
import { encodingFor, registerNumbers } from '../interpreter/packer.ts';
import type { Mode } from '../mode.ts';
import { BlockEmitter, BlockState, translatable } from './block-emitter.ts';

/** A run to translate: where its bytes lie, and for which mode. */
export interface Run {
  readonly hostPage: number;
  readonly offset: number;
  readonly mode: Mode;
  /** Records in the run; the block covers a prefix of them. */
  readonly length: number;
}

export interface Block {
  readonly run: Run;
  /** Page offset behind the last byte translated. */
  readonly end: number;
  /** Instructions covered. */
  readonly count: number;
}

/** Blocks shorter than this gain nothing over tier 0. */
const SHORTEST = 2;

/** Emits the instructions of `run` into `state`; answers what was covered. */
function emitRun(state: BlockState, memory: LinearMemory, decoder: Decoder, run: Run): Block {
  let offset = run.offset;
  let count = 0;
  while (count < run.length) {
    const at = run.hostPage * 4096 + offset;
    const d = decoder.decode(memory.u8, at, run.hostPage * 4096 + 4096, run.mode.bits16);
    const { row } = d;
    if (d.incomplete || d.tooLong || row === undefined || row.trapClass !== 'innocuous') break;
    const form = formOf(row, encodingFor(d, row, run.mode));
    if (!translatable(form) || MEANINGS[form.mnemonic] === undefined) break;
    MEANINGS[form.mnemonic](new BlockEmitter(state, form, { ...d }, count, registerNumbers(d, row)));
    state.c.releaseTemporaries();
    offset += d.length;
    count++;
  }
  state.leave(count);
  return { run, end: offset, count };
}

/** A batch of runs as a module that exports functions `0`, `1`, … and what each covers; undefined = too short. */
export function translate(
  memory: LinearMemory,
  decoder: Decoder,
  runs: readonly Run[],
): { bytes: Uint8Array; blocks: (Block | undefined)[] } {
  const module = new ModuleWriter();
  module.importMemory('env', 'memory');
  const type = module.type([w.I32], [w.I32]);
  const blocks = runs.map((run, i) => {
    // A first pass finds out which registers the block touches; the second loads them and emits.
    const trial = new BlockState(new Code(1));
    const found = emitRun(trial, memory, decoder, run);
    if (found.count < SHORTEST) return undefined;
    const state = new BlockState(new Code(1));
    state.load(trial.used);
    const block = emitRun(state, memory, decoder, { ...run, length: found.count });
    state.c.op(w.UNREACHABLE);
    const index = module.declare(type);
    module.define(index, state.c);
    module.exportFunction(String(i), index);
    return { ...block, run };
  });
  return { bytes: module.finish(), blocks };
}
