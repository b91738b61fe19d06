/**
 * The handlers of rare forms: a module within the tier-0 module (see build.ts), instantiated over the first one's
 * function table by an engine that has decoded such a form. Compiled once, however many machines there are.
 */
import { RARE } from './handlers.ts';

const modules = new WeakMap<WebAssembly.Module, WebAssembly.Module>();

/**
 * Fills the slots of rare forms.
 * @param env what the tier-0 module was given
 * @param exports of its instance
 */
export function addRareForms(tier0: WebAssembly.Module, env: WebAssembly.ModuleImports, exports: object): void {
  let module = modules.get(tier0);
  if (module === undefined) {
    module = new WebAssembly.Module(WebAssembly.Module.customSections(tier0, RARE)[0]);
    modules.set(tier0, module);
  }
  new WebAssembly.Instance(module, { env, tier0: exports as WebAssembly.ModuleImports });
}
