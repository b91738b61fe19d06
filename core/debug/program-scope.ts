/**
 * The names of the program where a frame stands: its blocks from the inside out, its arguments, its unit's
 * globals, then those of all other units and files.
 */
import { AT_LANGUAGE, LANGUAGE_ASSEMBLER } from './dwarf/attributes.ts';
import type { FrameView } from './dwarf/frame-view.ts';
import { scopeNames } from './dwarf/name-parts.ts';
import { isCPlusPlus, isRust } from './dwarf/names.ts';
import type { FunctionScope } from './dwarf/scopes.ts';
import type { Variable, Variables } from './dwarf/variables.ts';
import type { ProgramScope } from './evaluate.ts';
import type { Language } from './evaluate-language.ts';
import type { Type } from './types.ts';
import type { DataObject } from './value.ts';

export interface ScopeVariable extends DataObject {
  readonly name: string;
  /** Another of the same name hides it. */
  readonly isShadowed: boolean;
}

export class FrameScope implements ProgramScope {
  private readonly files: readonly Variables[];
  private readonly own: Variables | undefined;
  private readonly enclosing: FrameScope | undefined;
  private readonly scope: FunctionScope | undefined;
  private readonly frame: FrameView | undefined;

  /**
   * @param files of all symbol files
   * @param own the one whose code the frame executes
   * @param enclosing where the function stands in another one (a lambda): that one's names
   */
  constructor(
    files: readonly Variables[],
    own?: { readonly variables: Variables; readonly scope: FunctionScope; readonly frame: FrameView },
    enclosing?: FrameScope,
  ) {
    this.enclosing = enclosing;
    this.own = own?.variables;
    this.files = own === undefined ? files : [own.variables, ...files.filter((one) => one !== own.variables)];
    this.scope = own?.scope;
    this.frame = own?.frame;
  }

  private get unit() {
    return this.scope?.entry.owner;
  }

  async local(name: string): Promise<DataObject | undefined> {
    const found = this.localVariables().find((variable) => variable.name === name);
    return found === undefined ? this.enclosing?.local(name) : this.own && this.object(this.own, found);
  }

  /** Whether `local` knows the name. */
  hasLocal(name: string): boolean {
    return this.localVariables().some((variable) => variable.name === name);
  }

  async global(name: string): Promise<DataObject | undefined> {
    for (const candidate of this.candidates(name)) {
      const found = await this.globalCalled(candidate);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private async globalCalled(name: string): Promise<DataObject | undefined> {
    for (const file of this.files) {
      const first = file === this.own ? this.unit : undefined;
      const variable = file.global(name, first);
      if (variable !== undefined) return this.object(file, variable);
      const enumerator = file.enumerator(name, first);
      if (enumerator === undefined) continue;
      const bytes = Uint8Array.from({ length: 8 }, (_, i) => Number((enumerator.value >> BigInt(8 * i)) & 0xffn));
      return { type: enumerator.type, storage: { kind: 'bytes', bytes } };
    }
    return undefined;
  }

  /** Of a variable of the file. */
  typeOf(name: string): Type | undefined {
    for (const file of this.files) {
      const found = file.global(name, undefined);
      if (found !== undefined) return found.type;
    }
    return undefined;
  }

  type(name: string): Type | undefined {
    for (const candidate of this.candidates(name)) {
      for (const file of this.files) {
        const found = file.type(candidate, file === this.own ? this.unit : undefined);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  /** A name may stand for one in the namespaces and classes around the function, innermost first. */
  private candidates(name: string): string[] {
    const scopes = this.scope === undefined ? [] : scopeNames(this.scope.name);
    const [, keyword, bare] = /^((?:struct|union|enum|class) )?(.*)$/s.exec(name) ?? [];
    return [...scopes.map((scope) => `${keyword ?? ''}${scope}::${bare}`), name];
  }

  get language(): Language {
    const root = this.unit?.root;
    if (root === undefined) return 'c';
    return isRust(root) ? 'rust' : isCPlusPlus(root) ? 'c++' : 'c';
  }

  arguments(): Promise<ScopeVariable[]> {
    return this.list(this.own === undefined || this.scope === undefined ? [] : this.own.argumentsOf(this.scope));
  }

  locals(): Promise<ScopeVariable[]> {
    return this.list(this.own === undefined || this.scope === undefined ? [] : this.own.localsOf(this.scope));
  }

  /** Those of the unit that the frame's code comes from. */
  globals(): Promise<ScopeVariable[]> {
    return this.list(this.own === undefined || this.unit === undefined ? [] : this.own.globalsOf(this.unit));
  }

  /** False where no debug information covers the code, and in assembly: there are no variables. */
  get isKnown(): boolean {
    const unit = this.unit?.root;
    return unit !== undefined && unit.number(AT_LANGUAGE) !== LANGUAGE_ASSEMBLER;
  }

  get hasArguments(): boolean {
    return this.own !== undefined && this.scope !== undefined && this.own.argumentsOf(this.scope).length > 0;
  }

  private localVariables(): Variable[] {
    if (this.own === undefined || this.scope === undefined) return [];
    return [...this.own.localsOf(this.scope), ...this.own.argumentsOf(this.scope)];
  }

  private async list(variables: readonly Variable[]): Promise<ScopeVariable[]> {
    const seen = new Set<string>();
    const found: ScopeVariable[] = [];
    for (const variable of variables) {
      if (this.own === undefined) break;
      const object = await this.object(this.own, variable);
      found.push({ ...object, name: variable.name, isShadowed: seen.has(variable.name) });
      seen.add(variable.name);
    }
    return found;
  }

  private async object(file: Variables, variable: Variable): Promise<DataObject> {
    return { type: variable.type, storage: await file.storageOf(variable, file === this.own ? this.frame : undefined) };
  }
}
