/**
 * Mangled names of C++ as people write them, in the words of GNU's demangler, which gdb has. Names with
 * expressions in them (decltype, template arguments that are computed) are left as they are. Bounded in depth
 * and length: substitutions can make a short name say something of any size. Itanium C++ ABI, 5.1.
 */
import {
  arrayPiece,
  functionPiece,
  type Piece,
  pieceLength,
  pieceText,
  pointerTo,
  qualified,
  word,
} from './itanium-pieces.ts';
import { NotUnderstood, Reader } from './itanium-reader.ts';
import {
  BUILTIN_TYPES,
  LITERAL_SUFFIXES,
  MORE_TYPES,
  OPERATORS,
  SPECIAL_NAMES,
  SPECIAL_TYPES,
  STANDARD,
} from './itanium-tables.ts';

export interface DemangledName {
  /** Without parameters and result: `geometry::Square::area`. */
  readonly name: string;
  /** With parameters: `geometry::Square::area() const`. */
  readonly full: string;
  /** Of an instance of a template, in front of it. */
  readonly result: string;
}

const MAX_NAME = 10_000;
/** Characters of all types together. */
const MAX_TEXT = 100_000;
const CLONES = /^(?:\.(?:[a-zA-Z_]\w*|\d+))+$/;

/** Undefined for what is no mangled name of C++, or one that is not understood. */
export function demangleItanium(mangled: string): DemangledName | undefined {
  if (!/^_Z\w/.test(mangled) || mangled.length > MAX_NAME) return undefined;
  try {
    return new Demangler(mangled).whole();
  } catch (error) {
    if (error instanceof NotUnderstood) return undefined;
    throw error;
  }
}

interface Name {
  readonly text: string;
  /** It ends in template arguments, so that the type of the function begins with its result. */
  readonly isTemplate: boolean;
  /** Of a member function, behind its parameters. */
  readonly suffix: string;
}

class Demangler extends Reader {
  private length = 0;
  private readonly substitutions: (Piece & { readonly last?: string })[] = [];
  private templateArguments: readonly Piece[] = [];
  /** The name that a constructor has here. */
  private last = '';

  whole(): DemangledName {
    const special = this.special();
    const found = special === undefined ? this.encoding() : { name: special, full: special, result: '' };
    const clones = this.input.slice(this.at);
    if (clones !== '' && !CLONES.test(clones)) throw new NotUnderstood();
    const suffix = (clones.match(/\.[a-zA-Z_]\w*(?:\.\d+)*|\.\d+/g) ?? []).map((one) => ` [clone ${one}]`).join('');
    return { ...found, full: found.full + suffix };
  }

  private remember<T extends Piece & { readonly last?: string }>(piece: T): T {
    this.substitutions.push(this.counted(piece));
    return piece;
  }

  private counted<T extends Piece>(piece: T): T {
    this.length += pieceLength(piece);
    if (this.length > MAX_TEXT) throw new NotUnderstood();
    return piece;
  }

  private special(): string | undefined {
    const kind = this.input.slice(this.at, this.at + 2);
    if (SPECIAL_TYPES[kind] !== undefined) {
      this.at += 2;
      return SPECIAL_TYPES[kind] + pieceText(this.type());
    }
    if (SPECIAL_NAMES[kind] !== undefined) {
      this.at += 2;
      return SPECIAL_NAMES[kind] + this.name().text;
    }
    if (kind === 'Th' || kind === 'Tv') {
      this.at += 2;
      this.offsets(kind === 'Tv' ? 2 : 1);
      return `${kind === 'Th' ? 'non-virtual' : 'virtual'} thunk to ${this.encoding().full}`;
    }
    if (this.take('GTt')) return `transaction clone for ${this.encoding().full}`;
    if (kind !== 'TC') return undefined;
    this.at += 2;
    const derived = pieceText(this.type());
    this.number();
    this.expect('_');
    return `construction vtable for ${pieceText(this.type())}-in-${derived}`;
  }

  private encoding(): DemangledName {
    return this.nested(() => {
      const { text, isTemplate, suffix } = this.name();
      if (this.peek() === '' || this.peek() === 'E' || this.peek() === '.')
        return { name: text, full: text, result: '' };
      const result = isTemplate ? this.type() : undefined;
      const parameters = `(${this.parameters()})${suffix}`;
      const front = result === undefined ? '' : `${result.left.trimEnd()} `;
      return { name: text, full: `${text}${parameters}${result?.right ?? ''}`, result: front };
    });
  }

  private parameters(): string {
    if (this.peek() === 'v') {
      this.at++;
      return '';
    }
    const list: string[] = [];
    while (this.peek() !== '' && this.peek() !== 'E' && this.peek() !== '.' && !this.endsFunction()) {
      const text = pieceText(this.type());
      if (text !== '') list.push(text);
    }
    return list.join(', ');
  }

  /** The reference qualifier of a function type. */
  private endsFunction(): boolean {
    return (this.peek() === 'R' || this.peek() === 'O') && this.input[this.at + 1] === 'E';
  }

  private name(): Name {
    return this.nested(() => {
      if (this.take('N')) return this.nestedName();
      if (this.take('Z')) return this.localName();
      let text: string;
      if (this.peek() === 'S' && this.input[this.at + 1] !== 't') {
        text = pieceText(this.substitution());
        if (this.peek() !== 'I') return { text, isTemplate: false, suffix: '' };
        return { text: text + this.templateList(), isTemplate: true, suffix: '' };
      }
      const isConversion = this.input.startsWith('cv', this.at);
      const scope = this.take('St') ? 'std::' : '';
      text = scope + this.unqualified();
      if (this.peek() !== 'I') return { text, isTemplate: false, suffix: '' };
      this.remember({ ...word(text), last: this.last });
      return { text: text + this.templateList(text), isTemplate: !isConversion, suffix: '' };
    });
  }

  private nestedName(): Name {
    const suffix = this.qualifiers() + (this.take('R') ? ' &' : this.take('O') ? ' &&' : '');
    let text = '';
    let isTemplate = false;
    let isFunctionTemplate = true;
    while (!this.take('E')) {
      isTemplate = false;
      if (this.peek() === 'S' && this.input[this.at + 1] !== 't' && text === '') {
        const known = STANDARD[this.input[this.at + 1]];
        text = pieceText(this.substitution());
        // What is a shorter name for an instance of a template has the template's constructors.
        if (known !== undefined && /[CD]/.test(this.peek())) text = known[2];
        continue;
      }
      if (text === '' && this.take('St')) {
        text = 'std';
        continue;
      }
      if (this.peek() === 'I' && text !== '') {
        const { last } = this;
        text += this.templateList(text);
        this.last = last;
        isTemplate = true;
      } else if (this.peek() === 'T' && text === '') {
        text = pieceText(this.templateParameter());
      } else if (this.take('M')) {
        // The initializer of a member: its name has been said.
        continue;
      } else {
        // Constructors and conversions have no result, templates or not.
        isFunctionTemplate = !/^(?:C[1-5]|D[0-5]|cv)/.test(this.input.slice(this.at, this.at + 2));
        const part = this.unqualified();
        text = text === '' ? part : `${text}::${part}`;
      }
      if (this.peek() !== 'E') this.remember({ ...word(text), last: this.last });
    }
    if (text === '') throw new NotUnderstood();
    return { text, isTemplate: isTemplate && isFunctionTemplate, suffix };
  }

  /** An entity of a function: `Z function E entity`. */
  private localName(): Name {
    const { full } = this.encoding();
    this.expect('E');
    if (this.take('s')) {
      this.discriminator();
      return { text: `${full}::string literal`, isTemplate: false, suffix: '' };
    }
    if (this.take('d')) {
      this.sequence(10);
      throw new NotUnderstood();
    }
    const inner = this.name();
    this.discriminator();
    return { ...inner, text: `${full}::${inner.text}` };
  }

  private unqualified(): string {
    this.take('L');
    let text: string;
    const two = this.input.slice(this.at, this.at + 2);
    if (/\d/.test(this.peek())) {
      text = this.sourceName();
      this.last = text;
    } else if (/^C[1-5]$/.test(two) || /^D[0-5]$/.test(two)) {
      this.at += 2;
      if (this.last === '') throw new NotUnderstood();
      text = two[0] === 'C' ? this.last : `~${this.last}`;
    } else if (this.take('Ul')) {
      const parameters = this.parameters();
      this.expect('E');
      text = `{lambda(${parameters})#${this.sequence(10) + 1}}`;
      this.last = text;
    } else if (this.take('Ut')) {
      text = `{unnamed type#${this.sequence(10) + 1}}`;
      this.last = text;
    } else if (this.take('cv')) {
      text = `operator ${pieceText(this.type())}`;
    } else if (this.take('li')) {
      text = `operator"" ${this.sourceName()}`;
    } else if (OPERATORS[two] !== undefined) {
      this.at += 2;
      text = `operator${OPERATORS[two]}`;
    } else throw new NotUnderstood();
    while (this.take('B')) text += `[abi:${this.sourceName()}]`;
    return text;
  }

  private substitution(): Piece {
    this.expect('S');
    const standard = STANDARD[this.peek()];
    if (standard !== undefined) {
      this.at++;
      this.last = standard[1];
      return word(standard[0]);
    }
    const found = this.substitutions[this.sequence(36)];
    if (found === undefined) throw new NotUnderstood();
    if (found.last !== undefined) this.last = found.last;
    return found;
  }

  private templateParameter(): Piece {
    this.expect('T');
    const found = this.templateArguments[this.sequence(10)];
    if (found === undefined) throw new NotUnderstood();
    return found;
  }

  /** `<int, 3>`; what it holds is what parameters of the template stand for from here on. */
  private templateList(name = ''): string {
    this.expect('I');
    const list: Piece[] = [];
    while (!this.take('E')) list.push(this.templateArgument());
    this.templateArguments = list;
    const texts = list.map(pieceText);
    const text = texts.filter((one) => one !== '').join(', ');
    return `${name.endsWith('<') ? ' ' : ''}<${text}${texts.at(-1)?.endsWith('>') ? ' ' : ''}>`;
  }

  private templateArgument(): Piece {
    return this.nested(() => {
      if (this.take('L')) return word(this.literal());
      if (this.take('J')) {
        const pack: Piece[] = [];
        while (!this.take('E')) pack.push(this.counted(this.templateArgument()));
        return { left: '', right: '', pack };
      }
      if (this.take('XadL_Z')) {
        const { full: text, result } = this.encoding();
        const full = result + text;
        this.expect('EE');
        return word(full.endsWith(')') || / const$/.test(full) ? `&(${full})` : `&${full}`);
      }
      if (this.peek() === 'X') throw new NotUnderstood();
      return this.type();
    });
  }

  private literal(): string {
    if (this.take('_Z')) {
      const { full } = this.encoding();
      this.expect('E');
      return full;
    }
    const type = pieceText(this.type());
    const digits = /^n?\d*(?=E)/.exec(this.input.slice(this.at))?.[0];
    if (digits === undefined) throw new NotUnderstood();
    this.at += digits.length + 1;
    const value = digits.replace('n', '-');
    if (type === 'bool' && (value === '0' || value === '1')) return value === '1' ? 'true' : 'false';
    const suffix = LITERAL_SUFFIXES.get(type);
    return suffix === undefined ? `(${type})${value}` : value + suffix;
  }

  private type(): Piece {
    return this.nested(() => this.counted(this.typeRule()));
  }

  private typeRule(): Piece {
    const first = this.peek();
    const builtin = BUILTIN_TYPES[first];
    if (builtin !== undefined) {
      this.at++;
      return word(builtin);
    }
    const qualifiers = this.qualifiers();
    if (qualifiers !== '') return this.remember(qualified(this.type(), qualifiers));
    if (this.take('P')) return this.remember(pointerTo(this.type(), '*'));
    if (this.take('R')) return this.remember(pointerTo(this.type(), '&'));
    if (this.take('O')) return this.remember(pointerTo(this.type(), '&&'));
    if (this.take('C')) return this.remember(qualified(this.type(), ' _Complex'));
    if (first === 'F' || this.input.startsWith('DoF', this.at)) return this.remember(this.functionType());
    if (this.take('A')) return this.remember(this.arrayType());
    if (this.take('M')) {
      const owner = pieceText(this.type());
      return this.remember(pointerTo(this.type(), `${owner}::*`));
    }
    if (this.take('u')) return this.remember(word(this.sourceName()));
    if (first === 'T') return this.parameterType();
    if (first === 'D') return this.moreTypes();
    if (first === 'S' && this.input[this.at + 1] !== 't') {
      const known = this.substitution();
      return this.peek() === 'I' ? this.remember(word(pieceText(known) + this.templateList())) : known;
    }
    if (!/[NZS0-9]/.test(first)) throw new NotUnderstood();
    // The parameters of a template around it stay in force.
    const outer = this.templateArguments;
    const { text } = this.name();
    this.templateArguments = outer;
    return this.remember({ ...word(text), last: this.last });
  }

  private parameterType(): Piece {
    const outer = this.templateArguments;
    const parameter = this.remember(this.templateParameter());
    if (this.peek() !== 'I') return parameter;
    const applied = word(pieceText(parameter) + this.templateList());
    this.templateArguments = outer;
    return this.remember(applied);
  }

  private moreTypes(): Piece {
    this.expect('D');
    if (this.take('p')) return this.remember(this.type());
    const name = MORE_TYPES[this.peek()];
    if (name === undefined) throw new NotUnderstood();
    this.at++;
    return word(name);
  }

  private functionType(): Piece {
    const suffix = this.take('Do') ? ' noexcept' : '';
    this.expect('F');
    this.take('Y');
    const result = this.type();
    const parameters = this.parameters();
    const reference = this.take('R') ? ' &' : this.take('O') ? ' &&' : '';
    this.expect('E');
    return functionPiece(result, parameters, reference + suffix);
  }

  private arrayType(): Piece {
    const dimension = /\d/.test(this.peek()) ? String(this.number()) : '';
    this.expect('_');
    return arrayPiece(this.type(), dimension);
  }
}
