/**
 * Values of C-like expressions against a stopped (or running) machine. It only reads: registers are a
 * snapshot, memory is read as the debugger reads it, so no A/D bit is set and no device is touched.
 */
import { applyBinary, converted, decayed, floatValue, isTrue, negated, truth } from './evaluate-arithmetic.ts';
import { farValue } from './evaluate-far.ts';
import { addressType, answer, isBitwiseNot, type Language, literalType } from './evaluate-language.ts';
import { type Expression, ExpressionError, membersOf, parseExpression } from './expression.ts';
import { BOOL, INT, UNSIGNED, UNSIGNED_CHAR, UNSIGNED_LONG_LONG, UNSIGNED_SHORT, wrap } from './expression-types.ts';
import { sliceOf } from './format-rust.ts';
import { isConvenienceName, isRegisterName, registerValue, stackRegister } from './register-values.ts';
import { StorageError, type StorageReader } from './storage.ts';
import type { Registers } from './target.ts';
import { typeName } from './type-name.ts';
import { plain, type StructType, sizeOf, type Type } from './types.ts';
import {
  type DataObject,
  elementObject,
  findMember,
  loadObject,
  type Place,
  pointerTo,
  referred,
  type Value,
} from './value.ts';
import { activeMembers } from './variant.ts';

const TRUTH: ReadonlyMap<string, bigint> = new Map([
  ['false', 0n],
  ['true', 1n],
]);

export type { Place, Value };

/** What a name outside the register file stands for. */
export interface SymbolMeaning {
  /** Linear. */
  readonly address: number;
  /** A function or label is its address; a variable is the word that it names. */
  readonly code: boolean;
  /** Size of the variable in bytes, when known. */
  readonly size?: number;
  /** From the debug information, when it tells. */
  readonly type?: Type;
}

/** The program's own names, as they are seen where the frame stands. */
export interface ProgramScope {
  /** Of the code that the frame executes. */
  readonly language: Language;
  /** A variable of the frame; it wins over registers, which can be written with $. */
  local(name: string): Promise<DataObject | undefined>;
  /** A variable of the file, or an enumerator. */
  global(name: string): Promise<DataObject | undefined>;
  /** `NAME` or `struct NAME`. */
  type(name: string): Type | undefined;
}

export interface EvaluateContext {
  readonly registers: Registers;
  symbol(name: string): SymbolMeaning | undefined;
  /** May answer fewer bytes than asked. */
  readMemory(linear: number, length: number): Promise<Uint8Array>;
  /** Extra names that win over registers: `error` in the condition of an exception filter. */
  readonly extra?: ReadonlyMap<string, bigint>;
  readonly scope?: ProgramScope;
}

/** Parses and evaluates. @throws ExpressionError with a line for the user */
export async function evaluate(text: string, context: EvaluateContext): Promise<Value> {
  return evaluateTree(
    parseExpression(text, (name) => context.scope?.type(name)),
    context,
  );
}

/** The expression names an object that is nowhere at present. */
export class UnavailableError extends ExpressionError {
  /** What stands for it in a list of variables: `<optimized out>`. */
  readonly shown: string;
  readonly type: Type;

  constructor(shown: string, type: Type) {
    super(withoutBrackets(shown));
    this.name = 'UnavailableError';
    this.shown = shown;
    this.type = type;
  }
}

/** @throws ExpressionError */
export async function evaluateTree(tree: Expression, context: EvaluateContext): Promise<Value> {
  const evaluation = new Evaluation(context);
  try {
    return await evaluation.value(tree);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const type = await evaluation.typeOf(tree);
    throw type === undefined
      ? new ExpressionError(withoutBrackets(error.message))
      : new UnavailableError(error.message, type);
  }
}

function withoutBrackets(message: string): string {
  return message.replace(/^<(.*)>$/, '$1');
}

/** Registers and memory of the machine, for objects that lie in them. */
export function storageReader(context: Pick<EvaluateContext, 'registers' | 'readMemory'>): StorageReader {
  return {
    readMemory: (address, length) => context.readMemory(address, length),
    registerBytes: (name) => {
      if (/^st\d$/.test(name)) return context.registers.fpu.st[Number(name[2])];
      const register = registerValue(context.registers, name);
      return (
        register &&
        Uint8Array.from({ length: register.size }, (_, i) => Number((register.value >> BigInt(8 * i)) & 0xffn))
      );
    },
  };
}

class Evaluation {
  private readonly context: EvaluateContext;
  private readonly reader: StorageReader;
  private readonly language: Language;

  constructor(context: EvaluateContext) {
    this.context = context;
    this.language = context.scope?.language ?? 'c';
    this.reader = storageReader(context);
  }

  async value(tree: Expression): Promise<Value> {
    switch (tree.kind) {
      case 'number':
        return { value: wrap(tree.value, tree.type), type: literalType(tree.type, this.language) };
      case 'float': {
        const number = floatValue(tree.value);
        return { ...number, type: literalType(number.type, this.language) };
      }
      case 'name':
        return this.name(tree);
      case 'cast':
        return converted(await this.value(tree.operand), tree.type);
      case 'unary':
        return this.unary(tree);
      case 'binary':
        return answer(tree.operator, await this.binary(tree), this.language);
      case 'conditional':
        return this.value(isTrue(await this.value(tree.test)) ? tree.yes : tree.no);
      case 'member':
        return loadObject(await this.member(tree), this.reader);
      case 'sizeof':
        return { value: BigInt(await this.sizeOf(tree)), type: INT };
      case 'far':
        return farValue(tree, this.context, (inner) => this.value(inner));
    }
  }

  /** Of the object that the expression names; undefined where it names none, or finding it fails. */
  async typeOf(tree: Expression): Promise<Type | undefined> {
    try {
      return (tree.kind === 'name' ? await this.named(tree) : await this.object(tree))?.type;
    } catch (error) {
      if (error instanceof StorageError) return undefined;
      throw error;
    }
  }

  private async name(tree: Extract<Expression, { kind: 'name' }>): Promise<Value> {
    const { name, sigil } = tree;
    const { context } = this;
    const extra = sigil ? undefined : context.extra?.get(name);
    if (extra !== undefined) return { value: extra, type: UNSIGNED };
    const object = await this.named(tree);
    if (object !== undefined) return loadObject(object, this.reader);
    const symbol = sigil ? undefined : context.symbol(name);
    const register = registerValue(context.registers, sigil ? stackRegister(context.registers, name) : name);
    if (register !== undefined && (symbol === undefined || !isConvenienceName(name))) {
      return {
        value: register.value,
        type: unsignedOf(register.size),
        place: { kind: 'register', name: register.name },
      };
    }
    if (!sigil && symbol === undefined && TRUTH.has(name)) return { value: TRUTH.get(name) ?? 0n, type: BOOL };
    if (symbol?.code !== true) throw new ExpressionError(`no register or symbol is called ${name}`);
    return { value: BigInt(symbol.address >>> 0), type: pointerTo(UNSIGNED_CHAR), code: true };
  }

  /** The variable of a name, or the member that `a.b` names; undefined for registers, functions and nothing. */
  private async named(tree: Extract<Expression, { kind: 'name' }>): Promise<DataObject | undefined> {
    const { name, sigil } = tree;
    const { context } = this;
    if (sigil || context.extra?.has(name)) return undefined;
    const local = await context.scope?.local(name);
    if (local !== undefined) return local;
    if (isRegisterName(name) && !isConvenienceName(name)) return undefined;
    const known = (await context.scope?.global(name)) ?? symbolObject(context.symbol(name));
    if (known !== undefined || context.symbol(name) !== undefined || isRegisterName(name)) return known;
    const dot = name.indexOf('.', 1);
    if (dot > 0) {
      const path = membersOf({ kind: 'name', name: name.slice(0, dot), sigil: false }, name.slice(dot + 1), false);
      return path.kind === 'member' ? this.member(path) : undefined;
    }
    return this.ownMember(name);
  }

  /** In a method of C++ the members of `this` are names of their own. */
  private async ownMember(name: string): Promise<DataObject | undefined> {
    const own = await this.context.scope?.local('this');
    if (own === undefined || name === 'this') return undefined;
    const pointer = await loadObject(own, this.reader);
    const inner = plain(pointer.type);
    const target = inner.kind === 'pointer' ? plain(inner.target) : undefined;
    if (inner.kind !== 'pointer' || target?.kind !== 'struct') return undefined;
    return findMember(behind(pointer.value, inner.target), target, name);
  }

  /** The object that an expression names, without looking at what it holds. */
  private async object(tree: Expression): Promise<DataObject | undefined> {
    if (tree.kind === 'name') {
      const object = await this.named(tree);
      return object && referred(object, this.reader);
    }
    if (tree.kind === 'member') return referred(await this.member(tree), this.reader);
    if (tree.kind !== 'unary' || tree.operator !== '*') return undefined;
    const element = await this.element(tree.operand);
    if (element !== undefined) return element;
    const pointer = await this.value(tree.operand);
    if (pointer.float !== undefined) throw new ExpressionError('* needs a pointer');
    const from = decayed(pointer);
    const inner = plain(from.type);
    // A plain number can be dereferenced too; it then names a 32-bit word.
    const target = inner.kind === 'pointer' && from.code !== true ? inner.target : UNSIGNED;
    return behind(from.value, target);
  }

  /** `*(array + i)` where the array has no address: it lies in registers or pieces, or is a slice of Rust. */
  private async element(tree: Expression): Promise<DataObject | undefined> {
    if (tree.kind !== 'binary' || tree.operator !== '+') return undefined;
    const object = await this.object(tree.left);
    const type = object && plain(object.type);
    if (object === undefined || type === undefined) return undefined;
    const isPlaceless = type.kind === 'array' && object.storage.kind !== 'memory';
    const array = isPlaceless ? object : type.kind === 'struct' ? await sliceOf(object, type, this.reader) : undefined;
    const inner = array && plain(array.type);
    if (array === undefined || inner?.kind !== 'array') return undefined;
    const index = (await this.value(tree.right)).value;
    if (index < 0n || index >= BigInt(inner.count ?? 0)) throw new ExpressionError('the index is outside of the array');
    return elementObject(array, inner.element, Number(index));
  }

  private async member(tree: Extract<Expression, { kind: 'member' }>): Promise<DataObject> {
    const object = await this.structure(tree);
    const type = plain(object.type);
    if (type.kind !== 'struct')
      throw new ExpressionError(`.${tree.name} needs a structure, not ${typeName(object.type)}`);
    const found = await this.memberOf(object, type, tree.name);
    if (found === undefined) throw new ExpressionError(`${typeName(type)} has no member ${tree.name}`);
    return found;
  }

  /** Of an enumeration of Rust the members of the variant that it holds come first. */
  private async memberOf(object: DataObject, type: StructType, name: string): Promise<DataObject | undefined> {
    if (type.variants === undefined) return findMember(object, type, name);
    const { members } = await activeMembers(object, type, this.reader);
    return findMember(object, { ...type, members, variants: undefined }, name) ?? findMember(object, type, name);
  }

  /** What a member is looked for in. As gdb does, `.` follows a pointer as well. */
  private async structure(tree: Extract<Expression, { kind: 'member' }>): Promise<DataObject> {
    const object = await this.object(tree.object);
    if (object !== undefined && plain(object.type).kind === 'struct') return object;
    const value = object === undefined ? await this.value(tree.object) : await loadObject(object, this.reader);
    const from = value.object !== undefined && plain(value.type).kind === 'struct' ? value : decayed(value);
    const inner = plain(from.type);
    if (inner.kind === 'struct' && from.object !== undefined) return from.object;
    if (inner.kind === 'pointer') return behind(from.value, inner.target);
    throw new ExpressionError(`${tree.arrow ? '->' : '.'}${tree.name} needs a structure`);
  }

  private async sizeOf({ operand, type }: Extract<Expression, { kind: 'sizeof' }>): Promise<number> {
    if (operand === undefined) return sizeOf(type ?? INT);
    const object = await this.object(operand);
    return sizeOf((object ?? (await this.value(operand))).type);
  }

  private async unary(tree: Extract<Expression, { kind: 'unary' }>): Promise<Value> {
    if (tree.operator === '&') return this.addressOf(tree.operand);
    if (tree.operator === '*') {
      const object = await this.object(tree);
      if (object !== undefined) return loadObject(object, this.reader);
    }
    const operand = await this.value(tree.operand);
    if (isBitwiseNot(tree.operator, operand, this.language)) return negated('~', operand);
    if (tree.operator === '!') return answer('!', truth(!isTrue(operand)), this.language);
    return negated(tree.operator === '~' || tree.operator === '-' ? tree.operator : '+', operand);
  }

  /** The operand's memory need not be readable for its address to be known. */
  private async addressOf(tree: Expression): Promise<Value> {
    const object = await this.object(tree);
    if (object?.storage.kind === 'memory' && object.bits === undefined) {
      // Of a symbol whose type nobody knows the address of a word.
      const type = object.type === INT ? UNSIGNED : object.type;
      return { value: BigInt(object.storage.address), type: addressType(type, this.language) };
    }
    if (object === undefined && tree.kind === 'name' && !tree.sigil) {
      const symbol = this.context.symbol(tree.name);
      if (symbol !== undefined && (isConvenienceName(tree.name) || !isRegisterName(tree.name)))
        return { value: BigInt(symbol.address >>> 0), type: pointerTo(symbol.code ? UNSIGNED_CHAR : UNSIGNED) };
    }
    if (object?.storage.kind === 'register') throw new ExpressionError(`it is in a register, $${object.storage.name}`);
    throw new ExpressionError('& needs a symbol or memory');
  }

  private async binary(tree: Extract<Expression, { kind: 'binary' }>): Promise<Value> {
    const left = await this.value(tree.left);
    if (tree.operator === '&&' || tree.operator === '||') {
      const decided = isTrue(left) === (tree.operator === '||');
      return truth(decided ? isTrue(left) : isTrue(await this.value(tree.right)));
    }
    return applyBinary(tree.operator, left, await this.value(tree.right));
  }
}

function behind(pointer: bigint, target: Type): DataObject {
  return { type: target, storage: { kind: 'memory', address: Number(BigInt.asUintN(32, pointer)) } };
}

/** A symbol that the debug information does not know: a word of the size that the symbol has. */
function symbolObject(symbol: SymbolMeaning | undefined): DataObject | undefined {
  if (symbol === undefined || symbol.code) return undefined;
  const { size } = symbol;
  const type = symbol.type ?? (size === 1 || size === 2 || size === 8 ? unsignedOf(size) : INT);
  return { type, storage: { kind: 'memory', address: symbol.address >>> 0 } };
}

function unsignedOf(size: 1 | 2 | 4 | 8): Type {
  return size === 1 ? UNSIGNED_CHAR : size === 2 ? UNSIGNED_SHORT : size === 4 ? UNSIGNED : UNSIGNED_LONG_LONG;
}
