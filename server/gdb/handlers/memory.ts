/** m M X x: memory, linear in the current address space unless the client chose physical. */
import { type Address, hexToBytes } from '../../../core/index.ts';
import { type Command, command } from '../command.ts';
import { fromLatin1, latin1, MAX_PACKET } from '../packet.ts';
import { type Answer, BAD_ADDRESS, EMPTY, OK, reply, type Stub } from '../stub.ts';
import { hexNumbers } from '../text.ts';

interface Range {
  readonly start: number;
  readonly length: number;
}

function parseRange(rest: string): Range | undefined {
  const numbers = hexNumbers(rest, 2);
  return numbers && { start: numbers[0], length: numbers[1] };
}

function address(stub: Stub, offset: number): Address {
  return { space: stub.physicalMemory ? 'physical' : 'linear', offset };
}

/** At most `limit` bytes and never around the end of the address space: a reply may be shorter than asked. */
function read(stub: Stub, { start, length }: Range, limit: number): Promise<Uint8Array> {
  return stub.target.readMemory(address(stub, start), Math.min(length, limit, 2 ** 32 - start));
}

async function readHex(stub: Stub, range: Range): Promise<Answer> {
  if (range.length === 0) return EMPTY;
  const bytes = await read(stub, range, MAX_PACKET / 2);
  return bytes.length === 0 ? BAD_ADDRESS : reply(bytes);
}

/** The `b` is what `binary-upload+` promises; LLDB tries the form with length 0, which must stay unknown. */
async function readBinary(stub: Stub, range: Range): Promise<Answer> {
  if (range.length === 0) return EMPTY;
  const bytes = await read(stub, range, MAX_PACKET / 2);
  return bytes.length === 0 ? BAD_ADDRESS : reply(`b${fromLatin1(bytes)}`);
}

interface Write {
  readonly start: number;
  readonly bytes: Uint8Array;
}

function parseWrite(decode: (data: string) => Uint8Array | undefined): (rest: string) => Write | undefined {
  return (rest) => {
    const colon = rest.indexOf(':');
    if (colon < 0) return undefined;
    const range = parseRange(rest.slice(0, colon));
    const bytes = decode(rest.slice(colon + 1));
    if (range === undefined || bytes === undefined || bytes.length !== range.length) return undefined;
    return { start: range.start, bytes };
  };
}

async function write(stub: Stub, { start, bytes }: Write): Promise<Answer> {
  // gdb asks with no bytes whether `X` exists at all.
  if (bytes.length === 0) return OK;
  if (start + bytes.length > 2 ** 32) return BAD_ADDRESS;
  const written = await stub.target.writeMemory(address(stub, start), bytes);
  return written === bytes.length ? OK : BAD_ADDRESS;
}

export const memoryCommands: readonly Command[] = [
  command('m', parseRange, readHex),
  command('M', parseWrite(hexToBytes), write),
  command('x', parseRange, readBinary),
  command('X', parseWrite(latin1), write),
];
