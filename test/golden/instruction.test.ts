/**
 * What both tiers make of one instruction, as ARCHITECTURE.md shows it ("How one instruction is added").
 * UPDATE_GOLDEN=1 writes the document's two listings anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { Decoder } from '../../core/isa/decode.ts';
import type { Form } from '../../core/isa/forms.ts';
import { MEANINGS } from '../../core/isa/semantics/index.ts';
import { FORMS } from '../../core/vcpu/interpreter/handlers.ts';
import { RecordEmitter } from '../../core/vcpu/interpreter/record-emitter.ts';
import { BlockEmitter, BlockState } from '../../core/vcpu/jit/block-emitter.ts';
import { Code } from '../../core/wasm/code.ts';
import { wasmText } from './wasm-text.ts';

const DOCUMENT = path.resolve(import.meta.dirname, '../../ARCHITECTURE.md');
/** XADD ECX, EAX */
const BYTES = Uint8Array.of(0x0f, 0xc1, 0xc1);
const [ECX, EAX] = [1, 0];
const form = FORMS.find(({ key }) => key === 'xadd32.rr') as Form;

const body = (code: Code) => code.out.bytes.slice(0, code.out.length);

function tier0(): string[] {
  const code = new Code(2);
  const unused = () => {
    throw new Error('XADD of registers ends in one way only');
  };
  const ends = {
    next: () => {
      RecordEmitter.advance(code);
      code.return();
    },
    taken: unused,
    record: unused,
    exit: unused,
  };
  MEANINGS.xadd(new RecordEmitter(code, form, { slow: 0, commit: 0, jump: 0, taken: 0, x87: new Map() }, ends));
  return wasmText(body(code), ['context', 'record'], []);
}

function tier1(): string[] {
  const code = new Code(1);
  const state = new BlockState(code);
  const decoded = new Decoder().decode(BYTES, 0, BYTES.length, false);
  state.load(new Set([EAX, ECX]));
  MEANINGS.xadd(new BlockEmitter(state, form, { ...decoded }, 0, [ECX, EAX]));
  state.leave(1);
  const locals = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi', 'result', 'aux'];
  return wasmText(body(code), ['context', ...locals], []);
}

it.each([
  ['tier 0', tier0],
  ['tier 1', tier1],
])('%s emits for XADD what ARCHITECTURE.md shows', (tier, emit) => {
  const text = readFileSync(DOCUMENT, 'utf8');
  const listing = new RegExp(`(<!-- xadd, ${tier} -->\n\`\`\`wasm\n)([^\`]*)(\`\`\`)`);
  if (process.env.UPDATE_GOLDEN)
    writeFileSync(
      DOCUMENT,
      text.replace(listing, (_all, head, _old, tail) => `${head}${emit().join('\n')}\n${tail}`),
    );
  expect(listing.exec(readFileSync(DOCUMENT, 'utf8'))?.[2].trimEnd().split('\n')).toEqual(emit());
});
