/**
 * The reverse map of shadow paging: which shadow entries map a host frame. Traces, code and (later)
 * copy-on-write concern frames, entries are per linear page, and a frame has any number of aliases.
 *
 * A mapping's id is `space << 20 | linear page`. Each id has one place in a doubly linked list, so the
 * memory is bounded (two words an entry that can exist) and linking and unlinking never search. The arrays
 * reach as far as the highest space that was used: a large array brings on a garbage collection at start-up.
 */
const NONE = 0;
/** Marks a `previous` word that holds the frame whose list starts here. */
const HEAD = 0x80000000;

/** Ids of one space: its pages. */
const IDS_OF_SPACE = 1 << 20;

export class ReverseMap {
  readonly #idCount: number;
  /** By host page: id + 1 of the first mapping. */
  readonly #first: Uint32Array;
  /** By id: id + 1 of the next mapping, or NONE. */
  #next: Uint32Array;
  /** By id: NONE when in no list, id + 1 of the one before, or HEAD | frame. */
  #previous: Uint32Array;

  constructor(hostPages: number, spaces: number) {
    this.#first = new Uint32Array(hostPages);
    this.#idCount = spaces * IDS_OF_SPACE;
    this.#next = new Uint32Array(IDS_OF_SPACE);
    this.#previous = new Uint32Array(IDS_OF_SPACE);
  }

  has(id: number): boolean {
    return id < this.#previous.length && this.#previous[id] !== NONE;
  }

  /** First mapping of a frame, or -1. */
  first(frame: number): number {
    return this.#first[frame] - 1;
  }

  /** The mapping after `id`, or -1. Ask before unlinking `id`. */
  next(id: number): number {
    return this.#next[id] - 1;
  }

  /** Adds a mapping that is in no list. */
  link(id: number, frame: number): void {
    if (id >= this.#next.length) this.#grow(id);
    const second = this.#first[frame];
    this.#next[id] = second;
    this.#previous[id] = HEAD | frame;
    if (second !== NONE) this.#previous[second - 1] = id + 1;
    this.#first[frame] = id + 1;
  }

  /** Removes a mapping that is in a list. */
  unlink(id: number): void {
    const next = this.#next[id];
    const previous = this.#previous[id];
    if (previous >= HEAD) this.#first[previous - HEAD] = next;
    else this.#next[previous - 1] = next;
    if (next !== NONE) this.#previous[next - 1] = previous;
    this.#previous[id] = NONE;
  }

  /** Most guests use few spaces: the lists are as long as the highest one used needs. */
  #grow(id: number): void {
    const length = Math.min(this.#idCount, 2 ** Math.ceil(Math.log2(id + 1)));
    const grown = (from: Uint32Array) => {
      const to = new Uint32Array(length);
      to.set(from);
      return to;
    };
    this.#next = grown(this.#next);
    this.#previous = grown(this.#previous);
  }
}
