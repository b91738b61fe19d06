/**
 * C-like expressions, text to tree: a Pratt parser. What the names mean is decided by evaluate.ts and
 * expression-bytecode.ts; nothing here reads a machine.
 *
 *   42 0x2a 0b101 052 'c'   eax $eax %eax   main   *p  &name  -  +  !  ~  (type)e   a[i]
 *   * / % + - << >> < <= > >= == != & ^ | && || ?:   cs:eip  0x40:0x17 (segment:offset)
 *   e as type
 *   e.member  p->member  sizeof e  sizeof(type)  (struct name *)e  ns::name  1.5
 */
import { ExpressionError, type Literal, type Token, tokenize } from './expression-tokens.ts';
import { integerTypeOf, isTypeWord, type Type } from './expression-types.ts';

export type UnaryOperator = '-' | '+' | '!' | '~' | '*' | '&';
export type BinaryOperator =
  | '*'
  | '/'
  | '%'
  | '+'
  | '-'
  | '<<'
  | '>>'
  | '<'
  | '<='
  | '>'
  | '>='
  | '=='
  | '!='
  | '&'
  | '^'
  | '|'
  | '&&'
  | '||';

export type Expression =
  | Literal
  /** `sigil`: written with $ or %, so it can only be a register. */
  | { readonly kind: 'name'; readonly name: string; readonly sigil: boolean }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'conditional'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: 'cast'; readonly type: Type; readonly operand: Expression }
  /** `arrow`: the object is behind a pointer. */
  | { readonly kind: 'member'; readonly object: Expression; readonly name: string; readonly arrow: boolean }
  | { readonly kind: 'sizeof'; readonly operand: Expression | undefined; readonly type: Type | undefined }
  | { readonly kind: 'far'; readonly selector: Expression; readonly offset: Expression };

export { ExpressionError };

/** The program's type of a name (`NAME`, `struct NAME`); undefined for what is none. */
export type TypeNames = (name: string) => Type | undefined;

/** Longest text and deepest nesting that are looked at, so that no input can exhaust the stack. */
const MAX_TEXT = 4096;
const MAX_DEPTH = 200;

/** Binding powers; higher binds tighter. The unary operators sit above all binary ones. */
const BINARY: ReadonlyMap<string, number> = new Map([
  ['||', 2],
  ['&&', 3],
  ['|', 4],
  ['^', 5],
  ['&', 6],
  ['==', 7],
  ['!=', 7],
  ['<', 8],
  ['<=', 8],
  ['>', 8],
  ['>=', 8],
  ['<<', 9],
  ['>>', 9],
  ['+', 10],
  ['-', 10],
  ['*', 11],
  ['/', 11],
  ['%', 11],
]);
const CONDITIONAL = 1;
const AS = 11.5;
const UNARY = 12;
const FAR = 13;
const POSTFIX = 14;

/** Parses the whole of `text`. @throws ExpressionError */
export function parseExpression(text: string, types: TypeNames = () => undefined): Expression {
  if (text.length > MAX_TEXT) throw new ExpressionError('the expression is too long');
  const parser = new Parser(tokenize(text), types);
  return parser.whole();
}

class Parser {
  private readonly tokens: readonly Token[];
  private next = 0;
  private depth = 0;
  /** Between `?` and `:` a colon ends the middle part and is not segment:offset. */
  private conditionals = 0;

  private readonly types: TypeNames;

  constructor(tokens: readonly Token[], types: TypeNames) {
    this.tokens = tokens;
    this.types = types;
  }

  whole(): Expression {
    const tree = this.expression(0);
    const rest = this.peek();
    if (rest.kind !== 'end') throw new ExpressionError(`unexpected ${rest.text}`);
    return tree;
  }

  private peek(): Token {
    return this.tokens[this.next];
  }

  private isOperator(text: string): boolean {
    const token = this.peek();
    return token.kind === 'operator' && token.text === text;
  }

  private expect(text: string): void {
    if (!this.isOperator(text))
      throw new ExpressionError(
        `expected ${text}${this.peek().kind === 'end' ? ' at the end' : ` before ${this.peek().text}`}`,
      );
    this.next++;
  }

  private expression(minimum: number): Expression {
    if (++this.depth > MAX_DEPTH) throw new ExpressionError('the expression is nested too deeply');
    let left = this.prefix();
    for (;;) {
      const extended = this.infix(left, minimum);
      if (extended === undefined) break;
      left = extended;
    }
    this.depth--;
    return left;
  }

  private infix(left: Expression, minimum: number): Expression | undefined {
    const token = this.peek();
    // The names of members are tokens that begin with the dot.
    if (token.kind === 'name' && token.text.startsWith('.') && POSTFIX > minimum) {
      this.next++;
      return membersOf(left, token.text.slice(1), false);
    }
    if (token.kind === 'name' && token.text === 'as' && AS > minimum) {
      this.next++;
      return { kind: 'cast', type: this.castTarget(), operand: left };
    }
    if (token.kind !== 'operator') return undefined;
    if (token.text === '->' && POSTFIX > minimum) {
      this.next++;
      const member = this.peek();
      if (member.kind !== 'name' || member.text.startsWith('.')) throw new ExpressionError('a member belongs after ->');
      this.next++;
      return membersOf(left, member.text, true);
    }
    if (token.text === '[' && POSTFIX > minimum) {
      this.next++;
      const index = this.bracketed();
      this.expect(']');
      return { kind: 'unary', operator: '*', operand: { kind: 'binary', operator: '+', left, right: index } };
    }
    if (token.text === ':' && this.conditionals === 0 && FAR > minimum) {
      this.next++;
      return { kind: 'far', selector: left, offset: this.expression(FAR) };
    }
    if (token.text === '?' && CONDITIONAL > minimum) {
      this.next++;
      this.conditionals++;
      const yes = this.expression(0);
      this.conditionals--;
      this.expect(':');
      return { kind: 'conditional', test: left, yes, no: this.expression(CONDITIONAL - 1) };
    }
    const power = BINARY.get(token.text);
    if (power === undefined || power <= minimum) return undefined;
    this.next++;
    return { kind: 'binary', operator: token.text as BinaryOperator, left, right: this.expression(power) };
  }

  /** Inside brackets a colon is segment:offset again. */
  private bracketed(): Expression {
    const outer = this.conditionals;
    this.conditionals = 0;
    const inner = this.expression(0);
    this.conditionals = outer;
    return inner;
  }

  private prefix(): Expression {
    const token = this.peek();
    this.next++;
    if (token.value !== undefined) return token.value;
    if (token.kind === 'name' && token.text === 'sizeof') return this.sizeOf();
    if (token.kind === 'name') return { kind: 'name', name: token.text, sigil: false };
    if (token.kind === 'sigil') return { kind: 'name', name: token.text.slice(1), sigil: true };
    if (token.kind === 'end') {
      this.next--;
      throw new ExpressionError(this.next === 0 ? 'the expression is empty' : 'the expression ends too early');
    }
    if (token.text === '(') {
      const type = this.castType();
      if (type !== undefined) return { kind: 'cast', type, operand: this.expression(UNARY - 1) };
      const inner = this.bracketed();
      this.expect(')');
      return inner;
    }
    if ('-+!~*&'.includes(token.text) && token.text.length === 1) {
      return { kind: 'unary', operator: token.text as UnaryOperator, operand: this.expression(UNARY - 1) };
    }
    throw new ExpressionError(`unexpected ${token.text}`);
  }

  /** A name in parentheses that is followed by nothing to cast is a symbol that is called like a type. */
  private beginsOperand(): boolean {
    const { kind, text } = this.peek();
    return kind === 'operator' ? '-+!~*&('.includes(text) && text.length === 1 : kind !== 'end';
  }

  private sizeOf(): Expression {
    if (this.isOperator('(')) {
      this.next++;
      const type = this.typeInParentheses();
      if (type !== undefined) return { kind: 'sizeof', operand: undefined, type };
      this.next--;
    }
    return { kind: 'sizeof', operand: this.expression(UNARY - 1), type: undefined };
  }

  /** After `(`: `type *…)` with something to cast behind it, consumed; or nothing, not consumed. */
  private castType(): Type | undefined {
    const start = this.next;
    const type = this.typeInParentheses();
    if (type !== undefined && this.beginsOperand()) return type;
    this.next = start;
    return undefined;
  }

  /** After `as` of Rust: `u8`, `*const Point`. */
  private castTarget(): Type {
    let pointers = 0;
    for (; this.isOperator('*'); pointers++) {
      this.next++;
      if (['const', 'mut'].includes(this.peek().text)) this.next++;
    }
    let type = this.typeWords();
    if (type === undefined) throw new ExpressionError('a type belongs after as');
    for (; pointers > 0; pointers--) type = { kind: 'pointer', target: type };
    return type;
  }

  private typeInParentheses(): Type | undefined {
    const start = this.next;
    let type = this.typeWords();
    while (type !== undefined && this.isOperator('*')) {
      type = { kind: 'pointer', target: type };
      this.next++;
      while (isQualifier(this.peek())) this.next++;
    }
    if (type !== undefined && this.isOperator(')')) {
      this.next++;
      return type;
    }
    this.next = start;
    return undefined;
  }

  /** The program's own name for a type wins over ours; keywords of C cannot be such names. */
  private typeWords(): Type | undefined {
    while (isQualifier(this.peek())) this.next++;
    const first = this.peek();
    if (first.kind !== 'name') return undefined;
    if (TAG_WORDS.includes(first.text)) {
      const name = this.tokens[this.next + 1];
      const type = name.kind === 'name' ? this.types(`${first.text} ${name.text}`) : undefined;
      if (type === undefined) throw new ExpressionError(`no ${first.text} is called ${name.text || 'nothing'}`);
      this.next += 2;
      return this.qualified(type);
    }
    const named = this.types(first.text);
    if (named !== undefined && !COMBINING.has(first.text)) {
      this.next++;
      return this.qualified(named);
    }
    const words: string[] = [];
    while (this.peek().kind === 'name' && isTypeWord(this.peek().text)) words.push(this.tokens[this.next++].text);
    return integerTypeOf(words);
  }

  /** Qualifiers may follow a type's name; in a debugger they change nothing. */
  private qualified(type: Type): Type {
    while (isQualifier(this.peek())) this.next++;
    return type;
  }
}

const TAG_WORDS = ['struct', 'union', 'enum', 'class'];
/** Words that may be parts of longer names of types. */
const COMBINING = new Set(['char', 'short', 'int', 'long', 'signed', 'unsigned']);

function isQualifier(token: Token): boolean {
  return token.kind === 'name' && (token.text === 'const' || token.text === 'volatile');
}

/** `a.b.c`: a row of members in one token. */
export function membersOf(object: Expression, path: string, arrow: boolean): Expression {
  let tree = object;
  let behindPointer = arrow;
  for (const name of path.split('.')) {
    if (name === '') throw new ExpressionError('a member belongs after the dot');
    tree = { kind: 'member', object: tree, name, arrow: behindPointer };
    behindPointer = false;
  }
  return tree;
}

/** Every name that stands in an expression and could be a variable. */
export function namesIn(tree: Expression): string[] {
  switch (tree.kind) {
    case 'name':
      return tree.sigil ? [] : [tree.name, tree.name.split('.')[0]];
    case 'number':
    case 'float':
      return [];
    case 'cast':
    case 'unary':
      return namesIn(tree.operand);
    case 'sizeof':
      return tree.operand === undefined ? [] : namesIn(tree.operand);
    case 'member':
      return namesIn(tree.object);
    case 'binary':
      return [...namesIn(tree.left), ...namesIn(tree.right)];
    case 'far':
      return [...namesIn(tree.selector), ...namesIn(tree.offset)];
    case 'conditional':
      return [...namesIn(tree.test), ...namesIn(tree.yes), ...namesIn(tree.no)];
  }
}
