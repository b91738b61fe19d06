/** A mangled name that is read from the left: what its letters mean is decided in itanium.ts. */

const MAX_DEPTH = 100;

/** Thrown where a name ends to be understood. */
export class NotUnderstood extends Error {}

export class Reader {
  protected readonly input: string;
  /** Behind `_Z`. */
  protected at = 2;
  private depth = 0;

  constructor(input: string) {
    this.input = input;
  }

  protected peek(): string {
    return this.input[this.at] ?? '';
  }

  protected take(text: string): boolean {
    if (!this.input.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  protected expect(text: string): void {
    if (!this.take(text)) throw new NotUnderstood();
  }

  /** Guards every rule that can contain itself. */
  protected nested<T>(rule: () => T): T {
    if (++this.depth > MAX_DEPTH) throw new NotUnderstood();
    const result = rule();
    this.depth--;
    return result;
  }

  protected number(): number {
    const digits = /^\d+/.exec(this.input.slice(this.at, this.at + 9))?.[0];
    if (digits === undefined) throw new NotUnderstood();
    this.at += digits.length;
    return Number(digits);
  }

  /** `_` is 0, `0_` is 1, and so on. */
  protected sequence(radix: number): number {
    const end = this.input.indexOf('_', this.at);
    const digits = this.input.slice(this.at, end);
    if (end < 0 || !/^[0-9A-Z]{0,6}$/.test(digits)) throw new NotUnderstood();
    this.at = end + 1;
    return digits === '' ? 0 : Number.parseInt(digits, radix) + 1;
  }

  protected offsets(count: number): void {
    for (let i = 0; i < count; i++) {
      this.take('n');
      this.number();
      this.expect('_');
    }
  }

  protected discriminator(): void {
    const found = /^_(?:\d|_\d+_)/.exec(this.input.slice(this.at, this.at + 12));
    if (found !== null) this.at += found[0].length;
  }

  protected sourceName(): string {
    const length = this.number();
    const text = this.input.slice(this.at, this.at + length);
    if (length === 0 || text.length < length) throw new NotUnderstood();
    this.at += length;
    return /^_GLOBAL_[._$]N/.test(text) ? '(anonymous namespace)' : text;
  }

  protected qualifiers(): string {
    const found = [
      this.take('r') ? ' restrict' : '',
      this.take('V') ? ' volatile' : '',
      this.take('K') ? ' const' : '',
    ];
    return found.reverse().join('');
  }
}
