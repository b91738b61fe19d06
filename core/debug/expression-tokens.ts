/** Expressions, text to tokens: numbers, names, operators. */
import { CHAR, INT, LONG_LONG, type Type, UNSIGNED, UNSIGNED_LONG_LONG } from './expression-types.ts';

export type Literal =
  | { readonly kind: 'number'; readonly value: bigint; readonly type: Type }
  | { readonly kind: 'float'; readonly value: number };

/** The text is not an expression, or it means nothing here. The message is one line for the user. */
export class ExpressionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ExpressionError';
  }
}

export interface Token {
  readonly kind: 'number' | 'name' | 'sigil' | 'operator' | 'end';
  readonly text: string;
  readonly at: number;
  /** Of a literal. */
  readonly value?: Literal;
}

const OPERATORS = /^(->|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%<>&^|!~()[\]?:,])/;
/** Identifiers may have letters of any script (C11, annex D). */
const NAME = /^[\p{ID_Start}_.@][\p{ID_Continue}.@$]*(?:::[\p{ID_Start}_][\p{ID_Continue}.$]*)*/u;
const FLOAT = /^(?:[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)[fFlL]?/;
const NUMBER = /^(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)([uUlL]*)/;
const ESCAPES: Readonly<Record<string, number>> = {
  n: 10,
  r: 13,
  t: 9,
  '0': 0,
  '\\': 92,
  "'": 39,
  '"': 34,
  a: 7,
  b: 8,
  e: 27,
};

/** The text in pieces, `end` the last. @throws ExpressionError */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && /\s/.test(text[at])) at++;
    if (at >= text.length) break;
    const token = nextToken(text, at, tokens[tokens.length - 1]);
    tokens.push(token);
    at += token.text.length;
  }
  tokens.push({ kind: 'end', text: '', at });
  return tokens;
}

function nextToken(text: string, at: number, previous: Token | undefined): Token {
  const rest = text.slice(at);
  const float = FLOAT.exec(rest);
  if (float)
    return { kind: 'number', text: float[0], at, value: { kind: 'float', value: Number.parseFloat(float[0]) } };
  const number = NUMBER.exec(rest);
  if (number) {
    if (/^[A-Za-z0-9_]/.test(rest.slice(number[0].length)))
      throw new ExpressionError(`not a number: ${/^\w+/.exec(rest)?.[0]}`);
    return { kind: 'number', text: number[0], at, value: numberLiteral(number[1], number[2]) };
  }
  // `%` is a sigil where an operand is expected and the remainder operator elsewhere.
  const operandExpected =
    previous === undefined || (previous.kind === 'operator' && previous.text !== ')' && previous.text !== ']');
  if (rest[0] === '$' || (rest[0] === '%' && operandExpected)) {
    const name = NAME.exec(rest.slice(1));
    if (!name) throw new ExpressionError(`a register name belongs after ${rest[0]}`);
    return { kind: 'sigil', text: rest[0] + name[0], at };
  }
  const name = NAME.exec(rest);
  if (name) return { kind: 'name', text: name[0], at };
  const character = /^'(?:\\(.)|([^'\\]))'/.exec(rest);
  if (character) return { kind: 'number', text: character[0], at, value: characterLiteral(character[1], character[2]) };
  const operator = OPERATORS.exec(rest);
  if (operator) return { kind: 'operator', text: operator[0], at };
  throw new ExpressionError(`unexpected ${JSON.stringify(rest[0])}`);
}

/** C11, 6.4.4.1: decimal stays signed where it fits, hexadecimal and octal may be unsigned. */
function numberLiteral(digits: string, suffix: string): Literal {
  const octal = /^0[0-7]+$/.test(digits);
  if (/^0[0-9]+$/.test(digits) && !octal) throw new ExpressionError(`not an octal number: ${digits}`);
  const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  if (value >= 1n << 64n) throw new ExpressionError(`the number is too large: ${digits}`);
  const decimal = /^[1-9]/.test(digits);
  const unsigned = /u/i.test(suffix);
  const wide = /ll/i.test(suffix);
  let type: Type = UNSIGNED_LONG_LONG;
  if (!wide && !unsigned && value < 1n << 31n) type = INT;
  else if (!wide && value < 1n << 32n && (unsigned || !decimal)) type = UNSIGNED;
  else if (!unsigned && value < 1n << 63n) type = LONG_LONG;
  return { kind: 'number', value, type };
}

function characterLiteral(escaped: string | undefined, plain: string | undefined): Literal {
  if (plain !== undefined) return { kind: 'number', value: BigInt(plain.charCodeAt(0) & 0x7f), type: CHAR };
  const code = Object.hasOwn(ESCAPES, escaped ?? '') ? ESCAPES[escaped ?? ''] : undefined;
  if (code === undefined) throw new ExpressionError(`unknown escape \\${escaped}`);
  return { kind: 'number', value: BigInt(code), type: CHAR };
}
