/**
 * The reverse map of shadow paging: which shadow entries map a host frame. Traces, code and (later)
 * copy-on-write concern frames, entries are per linear page, and a frame has any number of aliases.
 *
 * A mapping's id is `space << 20 | linear page`. Each id has one place in a doubly linked list, so the
 * memory is bounded (two words an entry that can exist) and linking and unlinking never search. The lists are
 * kept in pieces that appear with their first mapping: large arrays bring on a garbage collection at start-up.
 */
const NONE = 0;
/** Marks a `previous` word that holds the frame whose list starts here. */
const HEAD = 0x80000000;

/** Ids of one piece: the entries of one guest page table. */
const PIECE_SHIFT = 10;
const PIECE_MASK = (1 << PIECE_SHIFT) - 1;
/** The other half of a piece. */
const PREVIOUS = 1 << PIECE_SHIFT;
const NO_PIECE = new Uint32Array(2 << PIECE_SHIFT);

export class ReverseMap {
  /** By host page: id + 1 of the first mapping. */
  readonly #first: Uint32Array;
  /**
   * By id >>> PIECE_SHIFT: for each id of the piece id + 1 of the next mapping, or NONE; in the second half NONE
   * when in no list, id + 1 of the one before, or HEAD | frame.
   */
  readonly #pieces: Uint32Array[];

  constructor(hostPages: number, spaces: number) {
    this.#first = new Uint32Array(hostPages);
    this.#pieces = new Array<Uint32Array>((spaces << 20) >>> PIECE_SHIFT).fill(NO_PIECE);
  }

  has(id: number): boolean {
    return this.#pieces[id >>> PIECE_SHIFT][PREVIOUS + (id & PIECE_MASK)] !== NONE;
  }

  /** First mapping of a frame, or -1. */
  first(frame: number): number {
    return this.#first[frame] - 1;
  }

  /** The mapping after `id`, or -1. Ask before unlinking `id`. */
  next(id: number): number {
    return this.#pieces[id >>> PIECE_SHIFT][id & PIECE_MASK] - 1;
  }

  /** Adds a mapping that is in no list. */
  link(id: number, frame: number): void {
    const second = this.#first[frame];
    const piece = this.#pieceOf(id);
    piece[id & PIECE_MASK] = second;
    piece[PREVIOUS + (id & PIECE_MASK)] = HEAD | frame;
    if (second !== NONE) this.#setPrevious(second - 1, id + 1);
    this.#first[frame] = id + 1;
  }

  /** Removes a mapping that is in a list. */
  unlink(id: number): void {
    const piece = this.#pieces[id >>> PIECE_SHIFT];
    const next = piece[id & PIECE_MASK];
    const previous = piece[PREVIOUS + (id & PIECE_MASK)];
    if (previous >= HEAD) this.#first[previous - HEAD] = next;
    else this.#pieces[(previous - 1) >>> PIECE_SHIFT][(previous - 1) & PIECE_MASK] = next;
    if (next !== NONE) this.#setPrevious(next - 1, previous);
    piece[PREVIOUS + (id & PIECE_MASK)] = NONE;
  }

  #pieceOf(id: number): Uint32Array {
    const index = id >>> PIECE_SHIFT;
    if (this.#pieces[index] === NO_PIECE) this.#pieces[index] = new Uint32Array(2 << PIECE_SHIFT);
    return this.#pieces[index];
  }

  /** Of an id that is in a list. */
  #setPrevious(id: number, previous: number): void {
    this.#pieces[id >>> PIECE_SHIFT][PREVIOUS + (id & PIECE_MASK)] = previous;
  }
}
