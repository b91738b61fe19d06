/**
 * C-like expressions to GDB agent bytecode (GDB manual, appendix "The GDB Agent Expression Mechanism"):
 * the form in which conditions travel to a `DebugTarget`. What cannot be expressed in it (far pointers,
 * the address of something) compiles to nothing, and the caller evaluates it on its own side instead.
 *
 * Every subexpression leaves one 64-bit value that is already wrapped to its type.
 */
import {
  ADD,
  BIT_AND,
  BIT_NOT,
  BIT_OR,
  BIT_XOR,
  CONST8,
  CONST16,
  CONST32,
  CONST64,
  DIV_SIGNED,
  DIV_UNSIGNED,
  END,
  EQUAL,
  EXT,
  GOTO,
  IF_GOTO,
  LESS_SIGNED,
  LESS_UNSIGNED,
  LOG_NOT,
  LSH,
  MUL,
  REF8,
  REF16,
  REF32,
  REF64,
  REG,
  REM_SIGNED,
  REM_UNSIGNED,
  RSH_SIGNED,
  RSH_UNSIGNED,
  SUB,
  SWAP,
  ZERO_EXT,
} from './agent-opcodes.ts';
import type { SymbolMeaning } from './evaluate.ts';
import type { BinaryOperator, Expression } from './expression.ts';
import {
  commonType,
  INT,
  isSigned,
  promoted,
  sizeOf,
  type Type,
  UNSIGNED,
  UNSIGNED_CHAR,
  UNSIGNED_LONG_LONG,
  UNSIGNED_SHORT,
} from './expression-types.ts';
import { DEBUG_REGISTERS, GDB_EIP } from './register-table.ts';
import { FLAG_BITS, isConvenienceName, isRegisterName, registerSize } from './register-values.ts';
import { plain } from './types.ts';

/** Jump targets are 16 bits wide. */
const MAX_CODE = 0xffff;
const REGISTER_NUMBERS: ReadonlyMap<string, number> = new Map(DEBUG_REGISTERS.map((register, i) => [register.name, i]));
/** The registers of which `ax` … `di`, `ip` and `flags` are the low halves. */
const WORDS = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di', 'ip', 'flags'];
const BYTES = ['al', 'cl', 'dl', 'bl', 'ah', 'ch', 'dh', 'bh'];

class NotExpressible extends Error {}

/** Bytecode that leaves the expression's value, or undefined when the bytecode cannot say it. */
export function compileExpression(
  tree: Expression,
  symbol: (name: string) => SymbolMeaning | undefined,
): Uint8Array | undefined {
  const compiler = new Compiler(symbol);
  try {
    compiler.tree(tree);
  } catch (error) {
    if (error instanceof NotExpressible) return undefined;
    throw error;
  }
  compiler.code.push(END);
  return compiler.code.length <= MAX_CODE ? Uint8Array.from(compiler.code) : undefined;
}

class Compiler {
  readonly code: number[] = [];
  private readonly symbol: (name: string) => SymbolMeaning | undefined;

  constructor(symbol: (name: string) => SymbolMeaning | undefined) {
    this.symbol = symbol;
  }

  tree(tree: Expression): Type {
    switch (tree.kind) {
      case 'number':
        this.constant(tree.value);
        return this.wrapped(tree.type);
      case 'name':
        return this.name(tree.name, tree.sigil);
      case 'cast':
        this.number(tree.operand);
        return this.wrapped(numberType(tree.type));
      case 'unary':
        return this.unary(tree);
      case 'binary':
        return this.binary(tree);
      case 'conditional':
        return this.conditional(tree);
      case 'far':
      case 'member':
      case 'float':
      case 'sizeof':
        throw new NotExpressible();
    }
  }

  private number(tree: Expression): Type {
    return numberType(this.tree(tree));
  }

  private constant(value: bigint): void {
    const width = value < 0x100n ? 1 : value < 0x10000n ? 2 : value < 0x100000000n ? 4 : 8;
    this.code.push(width === 1 ? CONST8 : width === 2 ? CONST16 : width === 4 ? CONST32 : CONST64);
    for (let i = width - 1; i >= 0; i--) this.code.push(Number((value >> BigInt(8 * i)) & 0xffn));
  }

  private wrapped<T extends Type>(type: T): T {
    const bits = sizeOf(type) * 8;
    if (bits < 64) this.code.push(isSigned(type) ? EXT : ZERO_EXT, bits);
    return type;
  }

  private register(number: number, type: Type): Type {
    this.code.push(REG, 0, number);
    return this.wrapped(type);
  }

  private name(name: string, sigil: boolean): Type {
    const lower = name.toLowerCase();
    const meaning = sigil ? undefined : this.symbol(name);
    if (meaning !== undefined && (isConvenienceName(name) || !isRegisterName(name))) return this.variable(meaning);
    // How wide it is depends on the code that runs then.
    if (sigil && lower === 'sp') throw new NotExpressible();
    const number = REGISTER_NUMBERS.get(lower);
    if (number !== undefined) return this.register(number, registerType(lower));
    const word = WORDS.indexOf(lower);
    if (word >= 0) return this.register(word, UNSIGNED_SHORT);
    const byte = BYTES.indexOf(lower);
    if (byte >= 0) {
      this.register(byte & 3, UNSIGNED);
      if (byte >= 4) this.code.push(CONST8, 8, RSH_UNSIGNED);
      return this.wrapped(UNSIGNED_CHAR);
    }
    return lower === 'pc' ? this.pc() : this.flag(lower);
  }

  private variable(meaning: SymbolMeaning): Type {
    if (meaning.code || (meaning.size === 8 && meaning.type === undefined)) throw new NotExpressible();
    this.constant(BigInt(meaning.address >>> 0));
    if (meaning.type !== undefined) return this.load(meaning.type);
    return this.load(meaning.size === 1 ? UNSIGNED_CHAR : meaning.size === 2 ? UNSIGNED_SHORT : INT);
  }

  /** The linear address of the next instruction: a client's conditions see EIP as the offset it is. */
  private pc(): Type {
    this.register(REGISTER_NUMBERS.get('cs_base') ?? 0, UNSIGNED);
    this.register(GDB_EIP, UNSIGNED);
    this.code.push(ADD);
    return this.wrapped(UNSIGNED);
  }

  private flag(name: string): Type {
    const flag = FLAG_BITS.find(([flagName]) => flagName === name);
    if (flag === undefined || !isRegisterName(name)) throw new NotExpressible();
    this.register(REGISTER_NUMBERS.get('eflags') ?? 0, UNSIGNED);
    const shift = 31 - Math.clz32(flag[1] & -flag[1]);
    this.constant(BigInt(shift));
    this.code.push(RSH_UNSIGNED);
    this.constant(BigInt(flag[1] >>> shift));
    this.code.push(BIT_AND);
    return UNSIGNED_CHAR;
  }

  /** Replaces the address on the stack by what lies there. */
  private load(type: Type): Type {
    const inner = numberType(type);
    const size = sizeOf(inner);
    this.code.push(ZERO_EXT, 32, size === 1 ? REF8 : size === 2 ? REF16 : size === 4 ? REF32 : REF64);
    return this.wrapped(inner);
  }

  private unary(tree: Extract<Expression, { kind: 'unary' }>): Type {
    if (tree.operator === '&') throw new NotExpressible();
    if (tree.operator === '-') this.code.push(CONST8, 0);
    const operand = this.tree(tree.operand);
    if (tree.operator === '*') return this.load(operand.kind === 'pointer' ? operand.target : UNSIGNED);
    if (tree.operator === '!') {
      this.code.push(LOG_NOT);
      return INT;
    }
    if (tree.operator === '-') this.code.push(SUB);
    if (tree.operator === '~') this.code.push(BIT_NOT);
    return this.wrapped(promoted(operand));
  }

  private binary(tree: Extract<Expression, { kind: 'binary' }>): Type {
    const { operator } = tree;
    if (operator === '&&' || operator === '||') return this.logical(tree, operator === '||');
    const left = this.tree(tree.left);
    const isShift = operator === '<<' || operator === '>>';
    if (!isShift) return this.converted(tree, left);
    const type = promoted(left);
    this.tree(tree.right);
    this.constant(BigInt(sizeOf(type) * 8 - 1));
    this.code.push(BIT_AND, operator === '<<' ? LSH : isSigned(type) ? RSH_SIGNED : RSH_UNSIGNED);
    return this.wrapped(type);
  }

  /** Both operands are converted to their common type; the left one is already on the stack. */
  private converted(tree: Extract<Expression, { kind: 'binary' }>, left: Type): Type {
    const start = this.code.length;
    const right = this.tree(tree.right);
    if (left.kind === 'pointer' || right.kind === 'pointer') return this.pointer(tree.operator, left, right);
    const type = commonType(left, right);
    const rightCode = this.code.splice(start);
    const shiftBy = sizeOf(type) < 8 ? 2 : 0;
    this.wrapped(type);
    // Jumps inside the right operand move with it.
    this.code.push(...relocated(rightCode, shiftBy));
    this.wrapped(type);
    return this.apply(tree.operator, type);
  }

  private pointer(operator: BinaryOperator, left: Type, right: Type): Type {
    if (operator === '+' || operator === '-') {
      if (left.kind !== 'pointer' || right.kind === 'pointer') throw new NotExpressible();
      this.constant(BigInt(Math.max(sizeOf(left.target), 1)));
      this.code.push(MUL, operator === '+' ? ADD : SUB);
      return this.wrapped(left);
    }
    this.wrapped(UNSIGNED);
    return this.apply(operator, UNSIGNED);
  }

  private apply(operator: BinaryOperator, type: Type): Type {
    const signed = isSigned(type);
    const less = signed ? LESS_SIGNED : LESS_UNSIGNED;
    switch (operator) {
      case '<':
        return this.truth(less);
      case '>':
        return this.truth(SWAP, less);
      case '<=':
        return this.truth(SWAP, less, LOG_NOT);
      case '>=':
        return this.truth(less, LOG_NOT);
      case '==':
        return this.truth(EQUAL);
      case '!=':
        return this.truth(EQUAL, LOG_NOT);
      case '*':
        this.code.push(MUL);
        break;
      case '/':
        this.code.push(signed ? DIV_SIGNED : DIV_UNSIGNED);
        break;
      case '%':
        this.code.push(signed ? REM_SIGNED : REM_UNSIGNED);
        break;
      case '+':
        this.code.push(ADD);
        break;
      case '-':
        this.code.push(SUB);
        break;
      case '&':
        this.code.push(BIT_AND);
        break;
      case '^':
        this.code.push(BIT_XOR);
        break;
      case '|':
        this.code.push(BIT_OR);
        break;
      default:
        throw new NotExpressible();
    }
    return this.wrapped(type);
  }

  private truth(...operations: number[]): Type {
    this.code.push(...operations);
    return INT;
  }

  private logical(tree: Extract<Expression, { kind: 'binary' }>, decidedBy: boolean): Type {
    this.tree(tree.left);
    if (!decidedBy) this.code.push(LOG_NOT);
    const decided = this.jump(IF_GOTO);
    this.tree(tree.right);
    this.code.push(LOG_NOT, LOG_NOT);
    const end = this.jump(GOTO);
    this.land(decided);
    this.code.push(CONST8, decidedBy ? 1 : 0);
    this.land(end);
    return INT;
  }

  private conditional(tree: Extract<Expression, { kind: 'conditional' }>): Type {
    this.tree(tree.test);
    const toYes = this.jump(IF_GOTO);
    const no = this.tree(tree.no);
    const end = this.jump(GOTO);
    this.land(toYes);
    const yes = this.tree(tree.yes);
    this.land(end);
    // The type would have to be known at run time.
    if (sizeOf(yes) !== sizeOf(no) || isSigned(yes) !== isSigned(no) || yes.kind !== no.kind)
      throw new NotExpressible();
    return yes;
  }

  private jump(operation: number): number {
    this.code.push(operation, 0, 0);
    return this.code.length - 2;
  }

  private land(operand: number): void {
    this.code[operand] = this.code.length >> 8;
    this.code[operand + 1] = this.code.length & 0xff;
  }
}

function registerType(name: string): Type {
  const size = registerSize(name);
  if (size === undefined) throw new NotExpressible();
  return size === 1 ? UNSIGNED_CHAR : size === 2 ? UNSIGNED_SHORT : size === 8 ? UNSIGNED_LONG_LONG : UNSIGNED;
}

/** Without its names; the bytecode knows whole numbers only, and an array is not one. */
function numberType(type: Type): Type {
  const inner = plain(type);
  const isNumber = inner.kind === 'integer' || inner.kind === 'enum' || (inner.kind === 'pointer' && !inner.reference);
  if (!isNumber || ![1, 2, 4, 8].includes(sizeOf(inner)) || (inner.kind === 'integer' && inner.reads === 'boolean'))
    throw new NotExpressible();
  return inner;
}

/** Operand bytes of each operation that this compiler emits and that has any. */
const OPERAND_BYTES: Readonly<Record<number, number>> = {
  [EXT]: 1,
  [ZERO_EXT]: 1,
  [CONST8]: 1,
  [CONST16]: 2,
  [CONST32]: 4,
  [CONST64]: 8,
  [REG]: 2,
  [IF_GOTO]: 2,
  [GOTO]: 2,
};

/** The same code, moved by `distance` bytes. */
function relocated(code: readonly number[], distance: number): number[] {
  const moved = [...code];
  if (distance === 0) return moved;
  for (let at = 0; at < moved.length; at += 1 + (OPERAND_BYTES[moved[at]] ?? 0)) {
    if (moved[at] !== IF_GOTO && moved[at] !== GOTO) continue;
    const target = ((moved[at + 1] << 8) | moved[at + 2]) + distance;
    moved[at + 1] = (target >> 8) & 0xff;
    moved[at + 2] = target & 0xff;
  }
  return moved;
}
