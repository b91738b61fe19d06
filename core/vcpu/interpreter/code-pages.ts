/**
 * Which host pages hold decoded code. As long as one does, every write to it has to be reported, which is slow:
 * so a page is protected when the first piece is decoded from it and released when the last piece is gone, or
 * when it is written again and again while nothing is decoded from it. It decides; the code cache drops.
 */

/**
 * Reported writes in a row after which the code of a page is given up. Data beside code that runs on would bring
 * it back at once: each return doubles the page's patience, so that decoding again never costs more than the writes.
 */
const PATIENCE = 64;
const MOST_PATIENCE = 1 << 30;

export interface CodePage {
  readonly hostPage: number;
  /** Decoded pieces: instructions in code tables, and both ends of kept page-crossing ones. */
  pieces: number;
  /** Writes since something was last decoded. */
  writes: number;
  patience: number;
}

export interface PageProtection {
  /** From now on the writes of a host page must be reported. */
  protectCode(hostPage: number): void;
  /** They need not be any longer. */
  releaseCode(hostPage: number): void;
}

export class CodePages {
  readonly #protection: PageProtection;
  #pages = new Map<number, CodePage>();

  constructor(protection: PageProtection) {
    this.#protection = protection;
  }

  of(hostPage: number): CodePage {
    let page = this.#pages.get(hostPage);
    if (page === undefined) {
      page = { hostPage, pieces: 0, writes: 0, patience: PATIENCE };
      this.#pages.set(hostPage, page);
    }
    return page;
  }

  /** A piece is decoded from the page. */
  add(page: CodePage): void {
    page.writes = 0;
    if (page.pieces++ === 0) this.#protection.protectCode(page.hostPage);
  }

  /** A piece of it is forgotten. */
  remove(page: CodePage): void {
    page.pieces--;
  }

  /** A write to a host page was reported. True when all its code is to be dropped before `settle`. */
  written(hostPage: number): boolean {
    const page = this.#pages.get(hostPage);
    if (page === undefined || page.pieces === 0 || ++page.writes < page.patience) return false;
    page.patience = Math.min(page.patience * 2, MOST_PATIENCE);
    return true;
  }

  /** After a write: a page without code is released. */
  settle(hostPage: number): void {
    if (this.#pages.get(hostPage)?.pieces === 0) this.#protection.releaseCode(hostPage);
  }

  /** Everything was dropped. */
  flushed(): void {
    for (const hostPage of this.#pages.keys()) this.#protection.releaseCode(hostPage);
    this.#pages = new Map();
  }
}
