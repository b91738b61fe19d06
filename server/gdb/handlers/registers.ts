/** g G p P: registers by number, in the order of target.xml. */
import { CORE_REGISTER_COUNT, DEBUG_REGISTERS, hexToBytes } from '../../../core/index.ts';
import { bare, type Command, command } from '../command.ts';
import { encodeRegister, writeShown } from '../registers.ts';
import { type Answer, INVALID, OK, refusal, reply, type Stub } from '../stub.ts';
import { hexNumber } from '../text.ts';

/** Only the core registers: gdb fetches the others with `p` when somebody asks for them. */
async function readAll(stub: Stub): Promise<Answer> {
  const registers = await stub.target.readRegisters(stub.vcpu);
  let text = '';
  for (let i = 0; i < CORE_REGISTER_COUNT; i++) text += encodeRegister(registers, i, stub.pcMode);
  return reply(text);
}

/** A client sends all of them to change one. */
async function writeAll(stub: Stub, bytes: Uint8Array): Promise<Answer> {
  let at = 0;
  let failure: string | undefined;
  for (let i = 0; i < CORE_REGISTER_COUNT; i++) {
    const size = DEBUG_REGISTERS[i].bits / 8;
    const value = bytes.subarray(at, at + size);
    at += size;
    if (value.length < size) break;
    const result = await writeShown(stub.target, stub.vcpu, i, value, stub.pcMode);
    if (!result.ok) failure ??= result.reason;
  }
  return failure === undefined ? OK : refusal(failure);
}

async function readOne(stub: Stub, number: number): Promise<Answer> {
  if (number >= DEBUG_REGISTERS.length) return INVALID;
  return reply(encodeRegister(await stub.target.readRegisters(stub.vcpu), number, stub.pcMode));
}

interface RegisterWrite {
  readonly number: number;
  readonly bytes: Uint8Array;
}

function parseWrite(rest: string): RegisterWrite | undefined {
  const equals = rest.indexOf('=');
  const number = hexNumber(rest.slice(0, Math.max(equals, 0)));
  const bytes = hexToBytes(rest.slice(equals + 1));
  return equals < 0 || number === undefined || bytes === undefined ? undefined : { number, bytes };
}

async function writeOne(stub: Stub, { number, bytes }: RegisterWrite): Promise<Answer> {
  const register = DEBUG_REGISTERS[number];
  if (register === undefined || bytes.length !== register.bits / 8) return INVALID;
  const result = await writeShown(stub.target, stub.vcpu, number, bytes, stub.pcMode);
  return result.ok ? OK : refusal(result.reason);
}

export const registerCommands: readonly Command[] = [
  bare('g', readAll),
  command('G', hexToBytes, writeAll),
  command('p', hexNumber, readOne),
  command('P', parseWrite, writeOne),
];
