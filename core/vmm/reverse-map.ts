/**
 * The reverse map of shadow paging: which shadow entries map a host frame. Traces, code and (later)
 * copy-on-write concern frames, entries are per linear page, and a frame has any number of aliases.
 *
 * A mapping's id is `space << 20 | linear page`. Each id has one place in a doubly linked list, so the
 * memory is bounded (two words an entry that can exist), linking and unlinking never search and never
 * allocate. Pages of the arrays that no list ever touched cost nothing: the host maps them on demand.
 */
const NONE = 0;
/** Marks a `previous` word that holds the frame whose list starts here. */
const HEAD = 0x80000000;

export class ReverseMap {
  /** By host page: id + 1 of the first mapping. */
  readonly #first: Uint32Array;
  /** By id: id + 1 of the next mapping, or NONE. */
  readonly #next: Uint32Array;
  /** By id: NONE when in no list, id + 1 of the one before, or HEAD | frame. */
  readonly #previous: Uint32Array;

  constructor(hostPages: number, spaces: number) {
    this.#first = new Uint32Array(hostPages);
    this.#next = new Uint32Array(spaces << 20);
    this.#previous = new Uint32Array(spaces << 20);
  }

  has(id: number): boolean {
    return this.#previous[id] !== NONE;
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
}
