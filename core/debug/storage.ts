/**
 * Where the bytes of an object are: in memory, in a register, in pieces of both, in the debug information
 * itself, or nowhere. What it means to read them, whoever provides memory and registers.
 */

export type Storage =
  | { readonly kind: 'memory'; readonly address: number }
  /** `offset`: the first byte of the register that counts. */
  | { readonly kind: 'register'; readonly name: string; readonly offset: number }
  /** Known without looking, and not to be written. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'pieces'; readonly pieces: readonly Piece[] }
  | { readonly kind: 'absent'; readonly why: string };

export interface Piece {
  readonly size: number;
  readonly storage: Storage;
}

export interface StorageReader {
  /** May answer fewer bytes than asked. */
  readMemory(linear: number, length: number): Promise<Uint8Array>;
  /** All bytes of a register; undefined when there is none of this name. */
  registerBytes(name: string): Uint8Array | undefined;
}

export const OPTIMIZED_OUT: Storage = { kind: 'absent', why: '<optimized out>' };

/** The bytes cannot be had; the message is what stands in their place. */
export class StorageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StorageError';
  }
}

/** The same storage from `offset` bytes on. */
export function storagePart(storage: Storage, offset: number): Storage {
  if (offset === 0) return storage;
  switch (storage.kind) {
    case 'memory':
      return { kind: 'memory', address: (storage.address + offset) >>> 0 };
    case 'register':
      return { ...storage, offset: storage.offset + offset };
    case 'bytes':
      return { kind: 'bytes', bytes: storage.bytes.subarray(Math.min(offset, storage.bytes.length)) };
    case 'pieces':
      return piecesFrom(storage.pieces, offset);
    case 'absent':
      return storage;
  }
}

function piecesFrom(pieces: readonly Piece[], offset: number): Storage {
  const rest: Piece[] = [];
  let before = 0;
  for (const piece of pieces) {
    const skip = Math.min(Math.max(offset - before, 0), piece.size);
    if (skip < piece.size) rest.push({ size: piece.size - skip, storage: storagePart(piece.storage, skip) });
    before += piece.size;
  }
  return { kind: 'pieces', pieces: rest };
}

/** @throws StorageError when not all of them are there */
export async function readStorage(storage: Storage, length: number, reader: StorageReader): Promise<Uint8Array> {
  switch (storage.kind) {
    case 'memory': {
      const bytes = await reader.readMemory(storage.address, length);
      if (bytes.length < length) throw unreadable((storage.address + bytes.length) >>> 0);
      return bytes;
    }
    case 'register':
      return whole(reader.registerBytes(storage.name)?.subarray(storage.offset), length);
    case 'bytes':
      return whole(storage.bytes, length);
    case 'pieces':
      return readPieces(storage.pieces, length, reader);
    case 'absent':
      throw new StorageError(storage.why);
  }
}

export function unreadable(address: number): StorageError {
  return new StorageError(`<cannot read memory at 0x${address.toString(16)}>`);
}

function whole(bytes: Uint8Array | undefined, length: number): Uint8Array {
  if (bytes === undefined || bytes.length < length) throw new StorageError('<not available>');
  return bytes.subarray(0, length);
}

async function readPieces(pieces: readonly Piece[], length: number, reader: StorageReader): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    if (at >= length) break;
    const size = Math.min(piece.size, length - at);
    bytes.set(await readStorage(piece.storage, size, reader), at);
    at += size;
  }
  if (at < length) throw new StorageError('<optimized out>');
  return bytes;
}
