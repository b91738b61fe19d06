/**
 * Generates the tier-0 module: one hot loop with an arm a hot form, one function a form for the others (those of
 * rare forms in a module of their own inside it), and the few runtime functions (branch accounting, code lookup)
 * that all share. Run at build time; nothing in it depends on a machine.
 */

import type { Form } from '../../isa/forms.ts';
import { LOCAL_CONTEXT } from '../../isa/semantics/emitter.ts';
import { MEANINGS } from '../../isa/semantics/index.ts';
import { assert } from '../../util/assert.ts';
import { Code, type Label } from '../../wasm/code.ts';
import { ModuleWriter } from '../../wasm/module.ts';
import * as w from '../../wasm/opcodes.ts';
import { defineX87Routines } from '../x87/index.ts';
import { BLOCK_SLOTS, FIRST_RARE, FORMS, HANDLERS, HOT_COUNT, RARE } from './handlers.ts';
import { FIRST_FORM } from './record.ts';
import { type Ends, LOCAL_RECORD, RecordEmitter, type Runtime } from './record-emitter.ts';
import { emitEnter, emitJump, emitSpecial, emitStepTest, emitTaken, emitTakenInline } from './runtime.ts';

function emitMeaning(e: RecordEmitter, form: Form): void {
  const meaning = MEANINGS[form.mnemonic];
  assert(meaning !== undefined, `no meaning for ${form.key}`);
  meaning(e);
}

/** In a function of its own a handler answers the next record, or 0 to leave. */
function coldEnds(c: Code, runtime: Runtime): Ends {
  return {
    next: () => {
      RecordEmitter.advance(c);
      c.return();
    },
    taken: () => {
      c.get(LOCAL_CONTEXT);
      c.get(LOCAL_RECORD);
      c.call(runtime.taken);
      c.return();
    },
    record: () => c.return(),
    exit: () => {
      RecordEmitter.storeRecord(c);
      c.i32(0);
      c.return();
    },
  };
}

function hotEnds(c: Code, loop: Label, taken: Label): Ends {
  return {
    next: () => {
      RecordEmitter.advance(c);
      c.set(LOCAL_RECORD);
      c.br(loop);
    },
    taken: () => c.br(taken),
    record: () => {
      c.tee(LOCAL_RECORD);
      c.brIf(loop);
      c.return();
    },
    exit: () => {
      RecordEmitter.storeRecord(c);
      c.return();
    },
  };
}

/** A handler: (context, record) -> next record, or 0. */
function handlerType(module: ModuleWriter): number {
  return module.type([w.I32, w.I32], [w.I32]);
}

/** Adds a function of its own for each form; answers their indices. */
function defineForms(module: ModuleWriter, forms: readonly Form[], runtime: Runtime): number[] {
  return forms.map((form) => {
    const index = module.declare(handlerType(module));
    const c = new Code(2);
    emitMeaning(new RecordEmitter(c, form, runtime, coldEnds(c, runtime)), form);
    c.op(w.UNREACHABLE);
    module.define(index, c);
    return index;
  });
}

/**
 * Bytes of the tier-0 WebAssembly module. Imports `env.memory`, `env.slow`, `env.commit`, `env.enter`, `env.link`,
 * `env.hot`. Its custom section RARE holds a second module with the handlers of rare forms: an engine instantiates
 * it over the first one's table when it decodes one, since validating it is most of what the module costs to start.
 */
export function buildTier0(): Uint8Array {
  const module = new ModuleWriter();
  const { I32 } = w;
  module.importMemory('env', 'memory');
  const three = module.type([I32, I32, I32], [I32]);
  const handler = handlerType(module);
  const run = module.type([I32, I32], []);
  const one = module.type([I32], []);
  const slow = module.importFunction('env', 'slow', three);
  const commit = module.importFunction('env', 'commit', one);
  const slowEnter = module.importFunction('env', 'enter', handler);
  const link = module.importFunction('env', 'link', handler);
  const hot = module.importFunction('env', 'hot', handler);
  const block = module.type([I32], [I32]);
  const enter = module.declare(three);
  const jump = module.declare(three);
  const taken = module.declare(handler);
  const runtime: Runtime = { slow, commit, jump, taken, x87: defineX87Routines(module, ['initialise', 'summarise']) };

  const define = (index: number, parameters: number, emit: (c: Code) => void) => {
    const c = new Code(parameters);
    emit(c);
    module.define(index, c);
  };
  define(enter, 3, (c) => emitEnter(c, slowEnter));
  define(jump, 3, (c) => emitJump(c, enter));
  define(taken, 2, (c) => emitTaken(c, link, enter));

  const slots: number[] = [];
  for (let special = 0; special < FIRST_FORM; special++) {
    const index = module.declare(handler);
    define(index, 2, (c) => emitSpecial(c, special, { enter, hot, block }));
    slots.push(index);
  }
  slots.push(...defineForms(module, FORMS.slice(0, FIRST_RARE - FIRST_FORM), runtime));

  const runIndex = module.declare(run);
  define(runIndex, 2, (c) => emitHotLoop(c, runtime, handler, enter, link));
  const stepIndex = module.declare(run);
  define(stepIndex, 2, (c) => emitStepLoop(c, handler));
  module.exportFunction('run', runIndex);
  module.exportFunction('step', stepIndex);
  module.exportFunction('enter', enter);
  module.exportFunction('jump', jump);
  module.exportFunction('taken', taken);
  module.exportTable('table', HANDLERS + BLOCK_SLOTS, slots);
  module.customSection(RARE, buildRare());
  return module.finish();
}

/** The module of rare forms. Imports of `env` the memory, `slow` and `commit`; of `tier0` what the first module exports. */
function buildRare(): Uint8Array {
  const module = new ModuleWriter();
  const { I32 } = w;
  module.importMemory('env', 'memory');
  const three = module.type([I32, I32, I32], [I32]);
  const runtime: Runtime = {
    slow: module.importFunction('env', 'slow', three),
    commit: module.importFunction('env', 'commit', module.type([I32], [])),
    jump: module.importFunction('tier0', 'jump', three),
    taken: module.importFunction('tier0', 'taken', handlerType(module)),
    x87: defineX87Routines(module),
  };
  module.importTable('tier0', 'table', FIRST_RARE, defineForms(module, FORMS.slice(FIRST_RARE - FIRST_FORM), runtime));
  return module.finish();
}

function loadHandler(c: Code): void {
  c.get(LOCAL_RECORD);
  c.memory(w.I32_LOAD16_U);
}

function callCold(c: Code, handler: number): void {
  c.get(LOCAL_CONTEXT);
  c.get(LOCAL_RECORD);
  loadHandler(c);
  c.callIndirect(handler);
  c.tee(LOCAL_RECORD);
}

/** run(context, record): the budget covers whole runs, so it is tested at branches only. */
function emitHotLoop(c: Code, runtime: Runtime, handler: number, enter: number, link: number): void {
  const loop = c.loop();
  const taken = c.block();
  const cold = c.block();
  const arms: Label[] = [];
  for (let i = 0; i < HOT_COUNT; i++) arms.unshift(c.block());
  loadHandler(c);
  c.brTable([...Array.from({ length: FIRST_FORM }, () => cold), ...arms], cold);
  for (let i = 0; i < HOT_COUNT; i++) {
    c.end();
    emitMeaning(new RecordEmitter(c, FORMS[i], runtime, hotEnds(c, loop, taken)), FORMS[i]);
    c.releaseTemporaries();
  }
  c.end();
  callCold(c, handler);
  c.brIf(loop);
  c.return();
  c.end();
  emitTakenInline(c, loop, link, enter);
  c.end();
}

/** step(context, record): tests the budget before every record; exact, and slower. */
function emitStepLoop(c: Code, handler: number): void {
  const loop = c.loop();
  emitStepTest(c);
  callCold(c, handler);
  c.brIf(loop);
  c.end();
}
