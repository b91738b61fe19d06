/**
 * What a device's saved state looks like, declared once: saving copies the fields by name, loading checks
 * every one of them and builds a whole new record, so that a bad state leaves the device as it was.
 */
import { ByteQueue } from '../util/byte-queue.ts';
import { UserError } from '../util/errors.ts';
import type { DeviceState, StateValue } from './device.ts';

/** How one field is checked and copied. `path` names it in messages. */
export interface Field<T> {
  read(value: StateValue | undefined, path: string): T;
  save(value: T): StateValue;
}

type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** The fields of a record `T`, and the version under which they are saved. */
export class StateShape<T extends object> {
  readonly version: number;
  readonly #fields: Field<T>;

  constructor(version: number, fields: Fields<T>) {
    this.version = version;
    this.#fields = record(fields);
  }

  save(value: T): DeviceState {
    return { version: this.version, ...(this.#fields.save(value) as { [field: string]: StateValue }) };
  }

  /** A new record from `state`; throws UserError when the state is not one of this version. */
  load(state: DeviceState, device: string): T {
    if (!isObject(state)) throw invalid(device, 'an object');
    const { version, ...fields } = state;
    if (version !== this.version) {
      throw new UserError(
        'state-version',
        `saved state of ${device} has version ${String(version)}, expected ${this.version}`,
        'the snapshot was made by another version',
      );
    }
    return this.#fields.read(fields, device);
  }
}

/** An integer from `min` to `max`. */
export function int(min: number, max: number): Field<number> {
  return {
    read(value, path) {
      if (
        typeof value !== 'number' ||
        !Number.isSafeInteger(value) ||
        value < min ||
        value > max ||
        Object.is(value, -0)
      ) {
        throw invalid(path, `an integer from ${min} to ${max}`);
      }
      return value;
    },
    save: (value) => value,
  };
}

export const byte: Field<number> = int(0, 0xff);

/** Tick or cycle numbers: any integer below 2^53. */
export const count: Field<number> = int(0, Number.MAX_SAFE_INTEGER);

export const flag: Field<boolean> = {
  read(value, path) {
    if (typeof value !== 'boolean') throw invalid(path, 'true or false');
    return value;
  },
  save: (value) => value,
};

/** One of a few words. */
export function word<T extends string>(...choices: readonly T[]): Field<T> {
  return {
    read(value, path) {
      const choice = choices.find((c) => c === value);
      if (choice === undefined) throw invalid(path, `one of ${choices.join(', ')}`);
      return choice;
    },
    save: (value) => value,
  };
}

/** Any string of at most `max` characters. */
export function text(max: number): Field<string> {
  return {
    read(value, path) {
      if (typeof value !== 'string' || value.length > max) throw invalid(path, `text of at most ${max} characters`);
      return value;
    },
    save: (value) => value,
  };
}

/** Exactly `length` bytes, each limited to `max`. */
export function bytes(length: number, max = 0xff): Field<Uint8Array> {
  return {
    read(value, path) {
      if (!(value instanceof Uint8Array) || value.length !== length || value.some((b) => b > max)) {
        throw invalid(path, `${length} bytes of at most ${max}`);
      }
      return value.slice();
    },
    save: (value) => value.slice(),
  };
}

/** A queue of at most `max` bytes. */
export function queue(max: number): Field<ByteQueue> {
  return {
    read(value, path) {
      if (!(value instanceof Uint8Array) || value.length > max) throw invalid(path, `at most ${max} bytes`);
      return new ByteQueue(value);
    },
    save: (value) => value.toBytes(),
  };
}

/** Exactly `length` values of one kind. */
export function list<T>(length: number, item: Field<T>): Field<T[]> {
  return {
    read(value, path) {
      if (!Array.isArray(value) || value.length !== length) throw invalid(path, `a list of ${length}`);
      // Not `map`, which would skip a hole.
      return Array.from({ length }, (_, index) => item.read(value[index], `${path}[${index}]`));
    },
    save: (value) => value.map((entry) => item.save(entry)),
  };
}

/** Values of one kind under names that only the owner can judge. */
export function table<T>(item: Field<T>): Field<Map<string, T>> {
  return {
    read(value, path) {
      if (!isObject(value)) throw invalid(path, 'an object');
      return new Map(Object.entries(value).map(([name, entry]) => [name, item.read(entry, `${path}.${name}`)]));
    },
    save: (value) => Object.fromEntries([...value].map(([name, entry]) => [name, item.save(entry)])),
  };
}

/** A nested record. Fields that nobody declared are refused: they would be lost without a word. */
export function record<T extends object>(fields: Fields<T>): Field<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  return {
    read(value, path) {
      if (!isObject(value)) throw invalid(path, 'an object');
      for (const name of Object.keys(value)) {
        if (!Object.hasOwn(fields, name)) throw invalid(`${path}.${name}`, 'no such field');
      }
      const result: Partial<T> = {};
      for (const name of names) result[name] = fields[name].read(value[name], `${path}.${name}`);
      return result as T;
    },
    save(value) {
      const result: { [field: string]: StateValue } = {};
      for (const name of names) result[name] = fields[name].save(value[name]);
      return result;
    },
  };
}

function isObject(value: unknown): value is { [field: string]: StateValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** The error for a value that does not fit. @param expected what would have */
export function invalid(path: string, expected: string): UserError {
  return new UserError('state-invalid', `saved state of ${path}: expected ${expected}`, 'the snapshot is damaged');
}
