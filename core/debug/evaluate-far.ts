/** Far addresses, `selector:offset`: the base that the present mode gives a selector. */
import { type Expression, ExpressionError } from './expression.ts';
import { UNSIGNED, UNSIGNED_CHAR, wrap } from './expression-types.ts';
import { registerValue } from './register-values.ts';
import type { Registers } from './target.ts';
import type { Value } from './value.ts';

export interface SelectorContext {
  readonly registers: Registers;
  readMemory(linear: number, length: number): Promise<Uint8Array>;
}

type Evaluator = (tree: Expression) => Promise<Value>;

/** The linear address of `selector:offset`. @throws ExpressionError */
export async function farValue(
  tree: Extract<Expression, { kind: 'far' }>,
  context: SelectorContext,
  evaluate: Evaluator,
): Promise<Value> {
  const offset = await evaluate(tree.offset);
  const base = await selectorBase(tree.selector, context, evaluate);
  return {
    value: wrap(BigInt(base) + wrap(offset.value, UNSIGNED), UNSIGNED),
    type: { kind: 'pointer', target: UNSIGNED_CHAR },
  };
}

const CR0_PE = 1;
const EFLAGS_VM = 1 << 17;

/** The base of a segment register, or of a selector as the present mode would load it. */
async function selectorBase(tree: Expression, context: SelectorContext, evaluate: Evaluator): Promise<number> {
  const { registers } = context;
  if (tree.kind === 'name') {
    const base = registerValue(registers, `${tree.name}_base`);
    if (base !== undefined) return Number(base.value);
  }
  const selector = Number(BigInt.asUintN(16, (await evaluate(tree)).value));
  if (!(registers.cr0 & CR0_PE) || registers.eflags & EFLAGS_VM) return selector * 16;
  const loaded = registers.segments.find((segment) => segment.selector === selector && segment.access !== 0);
  if (loaded !== undefined) return loaded.base;
  return descriptorBase(selector, context);
}

/** Base of the descriptor a selector names (SDM vol. 3, 3.4.5). */
async function descriptorBase(selector: number, context: SelectorContext): Promise<number> {
  const { gdtr, ldtr } = context.registers;
  const table = selector & 4 ? ldtr : gdtr;
  const at = selector & ~7;
  if (at === 0 || at + 7 > table.limit)
    throw new ExpressionError(`selector 0x${selector.toString(16)} has no descriptor`);
  const bytes = await context.readMemory((table.base + at) >>> 0, 8);
  if (bytes.length < 8) throw new ExpressionError(`cannot read the descriptor of selector 0x${selector.toString(16)}`);
  return (bytes[2] | (bytes[3] << 8) | (bytes[4] << 16) | (bytes[7] << 24)) >>> 0;
}
