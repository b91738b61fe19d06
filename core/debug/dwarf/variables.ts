/**
 * Variables of a file: which there are at an address of its code, of what type, and where each is in a frame.
 * DWARF 5, 4.1.
 */
import { ByteCursor } from '../../util/bytes.ts';
import { OPTIMIZED_OUT, type Storage, StorageError } from '../storage.ts';
import { typeName } from '../type-name.ts';
import { sizeOf, type Type } from '../types.ts';
import * as at from './attributes.ts';
import { CallSites, type CodeIndex } from './call-sites.ts';
import { constantOf } from './constant.ts';
import type { Entry, UnitEntries } from './entries.ts';
import { entryBudget, entryParameter, entryRegister } from './entry-values.ts';
import type { FormValue } from './form.ts';
import type { EntryBudget, FrameFile, FrameView } from './frame-view.ts';
import { evaluateLocation, type LocationContext } from './location.ts';
import { locationAt } from './location-lists.ts';
import { functionTitle, qualifiedName } from './names.ts';
import type { Range } from './ranges.ts';
import { type FunctionScope, functionScopes, parametersOf, rangeAround, variablesOf } from './scopes.ts';
import { Types } from './types.ts';
import type { Unit } from './unit.ts';
import { FileNames } from './unit-names.ts';

export interface Variable {
  readonly name: string;
  readonly type: Type;
  readonly entry: Entry;
  /** Line of its declaration. */
  readonly line: number | undefined;
}

const GENERAL = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'];
/** System V ABI i386, table 2.14: st0 is register 11. */
const FIRST_FLOAT = 11;
const MAX_GLOBALS = 10_000;

export class Variables implements FrameFile {
  readonly types = new Types();
  private readonly names: FileNames;
  /** Calls of the file's functions. */
  readonly calls: CallSites;
  private readonly offset: number;
  private readonly code: CodeIndex;

  /** @param units of the file @param offset where the file runs, less where it was linked */
  constructor(units: readonly UnitEntries[], offset: number, code: CodeIndex) {
    this.offset = offset;
    this.code = code;
    this.calls = new CallSites(code);
    this.names = new FileNames(units);
    this.types.staticStorage = (declaration) => this.staticStorage(declaration);
    this.types.definitionOf = (name) => this.names.find(undefined, (names) => definition(names.types.get(name)));
  }

  /** The functions around an address of the running code, innermost (inlined) first. */
  scopesAt(pc: number): FunctionScope[] {
    const subprogram = this.subprogramAt(pc);
    return subprogram === undefined ? [] : functionScopes(subprogram, (pc - this.offset) >>> 0);
  }

  /** The function around an address of the running code. */
  subprogramAt(pc: number): Entry | undefined {
    return this.code.subprogramAt((pc - this.offset) >>> 0);
  }

  /** Where a function is called, in the running code. */
  entryOf(subprogram: Entry): number | undefined {
    const [first] = subprogram.unit.ranges(subprogram.attributes);
    return first && (first.start + this.offset) >>> 0;
  }

  /** The call that returns to an address of the running code. */
  callAt(returnAddress: number): Entry | undefined {
    return this.calls.at((returnAddress - this.offset) >>> 0);
  }

  /** The piece of the scope's code around an address of the running code. */
  codeOf(scope: FunctionScope, pc: number): Range | undefined {
    const range = rangeAround(scope.entry, (pc - this.offset) >>> 0);
    if (range === undefined) return undefined;
    const start = (range.start + this.offset) >>> 0;
    return { start, end: start + range.end - range.start };
  }

  /** A function, as it is called behind its address. */
  titleOf(subprogram: Entry): string {
    return functionTitle(subprogram, () => {
      const type = this.types.make(subprogram);
      return type.kind === 'function' ? type.parameters.map((one) => typeName(one)).join(', ') : '';
    });
  }

  argumentsOf(scope: FunctionScope): Variable[] {
    return parametersOf(scope).map((entry) => this.variable(entry));
  }

  /** Innermost block first. */
  localsOf(scope: FunctionScope): Variable[] {
    return scope.blocks.flatMap((block) => variablesOf(block).map((entry) => this.variable(entry)));
  }

  /** Variables of the unit, in the order of the file. */
  globalsOf(unit: UnitEntries): Variable[] {
    const found: Variable[] = [];
    for (const [name, entry] of this.names.of(unit).variables) {
      if (found.length >= MAX_GLOBALS) break;
      if (this.isPlaced(entry)) found.push({ ...this.variable(entry), name });
    }
    return found;
  }

  global(name: string, first: UnitEntries | undefined): Variable | undefined {
    // One that is defined and nowhere was optimized away.
    const found =
      this.placed(name, first) ??
      this.pick(name, first, (entry) => !entry.has(at.AT_DECLARATION) && !this.isDropped(entry));
    return found && { ...this.variable(found), name };
  }

  private placed(name: string, first: UnitEntries | undefined): Entry | undefined {
    return this.pick(name, first, (entry) => this.isPlaced(entry));
  }

  private pick(name: string, first: UnitEntries | undefined, accept: (entry: Entry) => boolean): Entry | undefined {
    return this.names.find(first, (names) => {
      const entry = names.variables.get(name);
      return entry !== undefined && accept(entry) ? entry : undefined;
    });
  }

  enumerator(name: string, first: UnitEntries | undefined): { type: Type; value: bigint } | undefined {
    const found = this.names.find(first, (names) => names.enumerators.get(name));
    return found && { type: this.types.make(found.type), value: found.value };
  }

  /** By `NAME` or `struct NAME`. */
  type(name: string, first: UnitEntries | undefined): Type | undefined {
    const found = this.names.find(first, (names) => names.types.get(name));
    return found && this.types.make(found);
  }

  private variable(entry: Entry): Variable {
    return {
      name: entry.inheritedText(at.AT_NAME) ?? '',
      type: this.types.of(entry),
      entry,
      line: entry.inheritedNumber(at.AT_DECL_LINE),
    };
  }

  private isPlaced(entry: Entry): boolean {
    const isThere = entry.holder(at.AT_LOCATION) !== undefined || entry.holder(at.AT_CONST_VALUE) !== undefined;
    return isThere && !this.isDropped(entry);
  }

  /** Of a variable that the linker threw away an address of 0 remains, where nothing is. */
  private isDropped(entry: Entry): boolean {
    const value = entry.holder(at.AT_LOCATION)?.attributes.get(at.AT_LOCATION);
    return value?.kind === 'block' && fixedAddress(value.bytes, entry.unit) === 0 && !this.code.isLoaded(0);
  }

  /** Where a variable is in a frame; what is wrong with it is an absence with a reason. */
  async storageOf(variable: Variable, frame: FrameView | undefined): Promise<Storage> {
    try {
      return await this.locate(variable, frame);
    } catch (error) {
      if (error instanceof StorageError) return { kind: 'absent', why: error.message };
      throw error;
    }
  }

  /** A static member is a variable of its class's name; its place needs no frame. */
  private staticStorage(declaration: Entry): Storage {
    const name = qualifiedName(declaration);
    const entry = this.placed(name, undefined) ?? declaration;
    const value = entry.holder(at.AT_LOCATION)?.attributes.get(at.AT_LOCATION);
    const address = value?.kind === 'block' ? fixedAddress(value.bytes, entry.unit) : undefined;
    if (address !== undefined) return { kind: 'memory', address: (address + this.offset) >>> 0 };
    const constant = entry.holder(at.AT_CONST_VALUE)?.attributes.get(at.AT_CONST_VALUE);
    return constant === undefined ? OPTIMIZED_OUT : constantStorage(constant, this.types.of(entry));
  }

  private async locate({ entry, type }: Variable, frame: FrameView | undefined): Promise<Storage> {
    const holder = entry.holder(at.AT_LOCATION);
    if (holder === undefined) {
      const constant = entry.holder(at.AT_CONST_VALUE)?.attributes.get(at.AT_CONST_VALUE);
      return constant === undefined ? OPTIMIZED_OUT : constantStorage(constant, type);
    }
    const code = this.expression(holder, at.AT_LOCATION, frame);
    return code === undefined ? OPTIMIZED_OUT : evaluateLocation(code, this.locationContext(holder, frame));
  }

  /** The expression of an attribute that is one, or a list of them. */
  private expression(entry: Entry, attribute: number, frame: FrameView | undefined): Uint8Array | undefined {
    const value = entry.attributes.get(attribute);
    if (value?.kind === 'block') return value.bytes;
    const list = entry.unit.locationList(value);
    if (list === undefined || frame === undefined) return undefined;
    return locationAt(entry.unit, list, (frame.pc - this.offset) >>> 0);
  }

  /** What an expression of `entry` is evaluated with. */
  locationContext(entry: Entry, frame: FrameView | undefined, budget = entryBudget()): LocationContext {
    return {
      loadOffset: this.offset,
      offsetSize: entry.unit.offsetSize,
      dataBase: frame?.dataBase ?? 0,
      register: (number) => frame?.registers[number],
      registerStorage: (number) => registerStorage(number, frame),
      readMemory: (address, length) => frame?.readMemory(address, length) ?? Promise.resolve(new Uint8Array(0)),
      frameBase: () => this.frameBase(entry, frame, budget),
      entryValue: (code) => entryRegister(code, frame, this, budget),
      entryParameter: (offset) => {
        const parameter = entry.owner.entryAt(entry.owner.header.start + offset);
        if (parameter === undefined) throw new StorageError('<damaged location>');
        return entryParameter(parameter, frame, this, budget);
      },
      callFrameAddress: () =>
        frame?.frameAddress === undefined ? undefined : (frame.frameAddress - frame.dataBase) >>> 0,
      addressAt: (index) => entry.unit.addressAt(index),
      called: (offset, ofUnit) => {
        const other = ofUnit ? entry.owner.entryAt(entry.owner.header.start + offset) : entry.owner.all.at(offset);
        return other && this.expression(other, at.AT_LOCATION, frame);
      },
    };
  }

  /** The frame base belongs to the function around the entry: its own expression, over registers alone. */
  private async frameBase(entry: Entry, frame: FrameView | undefined, budget: EntryBudget): Promise<number> {
    let scope: Entry | undefined = entry;
    while (scope !== undefined && scope.tag !== at.TAG_SUBPROGRAM) scope = scope.parent;
    const code = scope && this.expression(scope, at.AT_FRAME_BASE, frame);
    if (scope === undefined || code === undefined) throw new StorageError('<no frame base>');
    const context = {
      ...this.locationContext(scope, frame, budget),
      frameBase: () => Promise.reject(new StorageError('<damaged location>')),
      registerStorage: (number: number): Storage => {
        const value = frame?.registers[number];
        // `DW_OP_reg5` as a frame base means what is in the register.
        return value === undefined
          ? OPTIMIZED_OUT
          : { kind: 'memory', address: (value + (frame?.dataBase ?? 0)) >>> 0 };
      },
    };
    const storage = await evaluateLocation(code, context);
    if (storage.kind !== 'memory') throw new StorageError('<no frame base>');
    return (storage.address - context.dataBase) >>> 0;
  }
}

/** The address that an expression is, when it is nothing else: DW_OP_addr, DW_OP_addrx and the GNU form. */
function fixedAddress(code: Uint8Array, unit: Unit): number | undefined {
  const cursor = new ByteCursor(code);
  const operation = cursor.u8();
  const address =
    operation === 0x03
      ? cursor.u32()
      : operation === 0xa1 || operation === 0xfb
        ? unit.addressAt(cursor.uleb())
        : undefined;
  return cursor.overrun || cursor.more ? undefined : address;
}

function definition(entry: Entry | undefined): Entry | undefined {
  return entry === undefined || entry.has(at.AT_DECLARATION) ? undefined : entry;
}

function registerStorage(number: number, frame: FrameView | undefined): Storage {
  if (frame === undefined) return OPTIMIZED_OUT;
  if (number >= FIRST_FLOAT && number < FIRST_FLOAT + 8)
    return { kind: 'register', name: `st${number - FIRST_FLOAT}`, offset: 0 };
  if (number >= GENERAL.length) return { kind: 'absent', why: '<not available>' };
  const saved = frame.savedAt[number];
  if (saved !== undefined) return { kind: 'memory', address: saved };
  return frame.registers[number] === undefined
    ? { kind: 'absent', why: '<not saved>' }
    : { kind: 'register', name: GENERAL[number], offset: 0 };
}

function constantStorage(value: FormValue, type: Type): Storage {
  if (value.kind === 'block') return { kind: 'bytes', bytes: value.bytes };
  if (value.kind === 'text') return { kind: 'bytes', bytes: new TextEncoder().encode(`${value.value}\0`) };
  const constant = constantOf(value);
  if (constant === undefined) return OPTIMIZED_OUT;
  const bytes = new Uint8Array(Math.min(Math.max(sizeOf(type), 1), 16));
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number((constant >> BigInt(8 * i)) & 0xffn);
  return { kind: 'bytes', bytes };
}
