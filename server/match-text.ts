/**
 * Output of a channel as a pattern sees it: each match starts after the last one. What is far back is
 * forgotten, so that a talkative guest costs neither memory nor quadratic time.
 */

/** A match that a new byte completes may reach this far back. */
const REACH = 2048;
/** Characters kept for a step whose text came before its turn. */
const KEPT = 64 * 1024;

export class MatchText {
  /** What a new byte's match cannot reach any more; joined to `#recent` only when a step begins. */
  #old = '';
  #recent = '';
  /** End of the last match, counted from the beginning of `#old`. */
  #position = 0;
  /** Characters have been forgotten, so the beginning of `#old` is not that of the output. */
  #trimmed = false;

  put(byte: number): void {
    this.#recent += String.fromCharCode(byte);
    if (this.#recent.length < 2 * REACH) return;
    this.#old += this.#recent.slice(0, REACH);
    this.#recent = this.#recent.slice(REACH);
    if (this.#old.length < 2 * KEPT) return;
    const cut = this.#old.length - KEPT;
    this.#old = this.#old.slice(cut);
    this.#position = Math.max(0, this.#position - cut);
    this.#trimmed = true;
  }

  /** True when `pattern` (global) matches after the last match, the newest byte taking part. */
  matches(pattern: RegExp): boolean {
    const from = Math.max(0, this.#position - this.#old.length);
    return find(pattern, this.#recent, from, this.#trimmed || this.#old !== '') !== undefined;
  }

  /** As `matches` over all that is kept, and the match is used up. */
  take(pattern: RegExp): boolean {
    const end = find(pattern, this.#old + this.#recent, this.#position, this.#trimmed);
    if (end === undefined) return false;
    this.#position = end;
    return true;
  }
}

/** End of the first match at or after `from`. @param cut the text is not the beginning of the output, so `^` is not there */
function find(pattern: RegExp, text: string, from: number, cut: boolean): number | undefined {
  pattern.lastIndex = cut ? Math.max(1, from) : from;
  return pattern.exec(text) === null ? undefined : pattern.lastIndex;
}
