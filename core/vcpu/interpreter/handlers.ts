/** Numbers of the handlers: a function of the opcode table alone, so that generator and decoder agree. */
import { allForms, type Form } from '../../isa/forms.ts';
import { HOT } from './hot.ts';
import { FIRST_FORM } from './record.ts';

/** Hot forms first, so that the hot loop's branch table is dense. */
export const FORMS: readonly Form[] = (() => {
  const forms = allForms();
  return [...forms.filter((form) => HOT.has(form.key)), ...forms.filter((form) => !HOT.has(form.key))];
})();

export const HOT_COUNT = FORMS.filter((form) => HOT.has(form.key)).length;

const numbers = new Map<string, number>(FORMS.map((form, i) => [form.key, FIRST_FORM + i]));

/** Handler of a form. */
export function handlerOf(key: string): number | undefined {
  return numbers.get(key);
}

/** Handlers in all, specials included: the first slots of the function table. */
export const HANDLERS = FIRST_FORM + FORMS.length;
/** Slots of the function table behind the handlers, for translated blocks. */
export const BLOCK_SLOTS = 1024;
