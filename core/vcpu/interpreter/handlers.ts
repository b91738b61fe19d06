/** Numbers of the handlers: a function of the opcode table alone, so that generator and decoder agree. */
import { allForms, type Form } from '../../isa/forms.ts';
import { isX87Mnemonic } from '../../isa/opcodes-x87.ts';
import { HOT } from './hot.ts';
import { FIRST_FORM } from './record.ts';

/** With these a kernel finds and initialises an FPU. */
const FPU_SET_UP = new Set(['fninit', 'fnstsw', 'fnstcw', 'fldcw', 'fnclex']);

/** Forms that a flat 32-bit kernel may never meet: x87, other segments or 16-bit addressing, checked stacks. */
function isRare({ mnemonic, shapes, addressing, flat }: Form): boolean {
  if (shapes.includes('g') || addressing === 'g' || !flat) return true;
  return isX87Mnemonic(mnemonic) && !FPU_SET_UP.has(mnemonic);
}

/** Hot forms first, so that the hot loop's branch table is dense; rare ones last: they are a module of their own. */
export const FORMS: readonly Form[] = (() => {
  const forms = allForms();
  const rank = (form: Form) => (HOT.has(form.key) ? 0 : isRare(form) ? 2 : 1);
  return [0, 1, 2].flatMap((wanted) => forms.filter((form) => rank(form) === wanted));
})();

export const HOT_COUNT = FORMS.filter((form) => HOT.has(form.key)).length;
/** Handler of the first rare form. */
export const FIRST_RARE = FIRST_FORM + FORMS.findIndex((form) => !HOT.has(form.key) && isRare(form));

const numbers = new Map<string, number>(FORMS.map((form, i) => [form.key, FIRST_FORM + i]));

/** Handler of a form. */
export function handlerOf(key: string): number | undefined {
  return numbers.get(key);
}

/** Handlers in all, specials included: the first slots of the function table. */
export const HANDLERS = FIRST_FORM + FORMS.length;
/** Slots of the function table behind the handlers, for translated blocks. */
export const BLOCK_SLOTS = 1024;
/** Custom section of the tier-0 module that holds the module of rare forms. */
export const RARE = 'rare';
