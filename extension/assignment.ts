/** Writing what an expression names: memory, bit-fields, registers, and variables that lie in any of them. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import {
  converted,
  ExpressionError,
  evaluate,
  floatBytes,
  hex0x,
  isScalar,
  loadObject,
  type Place,
  plain,
  registerValue,
  registerWrite,
  StorageError,
  sizeOf,
  type Value,
} from '../core/index.ts';
import type { Debuggee } from './debuggee.ts';
import { findVariable, formatContext, presentObject } from './program-variables.ts';
import { RequestError } from './protocol-error.ts';

/** @throws RequestError, ExpressionError */
export async function assign(left: string, right: string, frame: number, debuggee: Debuggee): Promise<void> {
  const context = await debuggee.evaluateContext(frame);
  const target = await evaluate(left, context);
  await assignTo(target, left.trim(), await evaluate(right, context), frame, debuggee);
}

async function assignTo(target: Value, name: string, value: Value, frame: number, debuggee: Debuggee): Promise<void> {
  const { place } = target;
  if (place === undefined) throw new RequestError(`${name} cannot be assigned to`);
  if (!isScalar(target.type)) throw new RequestError(`${name} is not one number: assign to its parts`);
  // A variable in a register that no inner frame saved is still there; the registers themselves are not those shown.
  if (place.kind === 'register' && frame > 0 && (target.object === undefined || place.name === 'esp'))
    throw new RequestError('registers of an outer frame cannot be changed');
  const wanted = target.object === undefined ? value : converted(value, target.type);
  await writePlace(place, await bits(place, target, wanted, debuggee), debuggee);
}

/** The value as bits of the whole place: a floating number in its format, a small value with what is beside it. */
async function bits(place: Place, target: Value, value: Value, debuggee: Debuggee): Promise<bigint> {
  const inner = plain(target.type);
  let raw = value.value;
  if (inner.kind === 'float') {
    const bytes = floatBytes(value.float ?? Number(value.value), inner.size);
    if (bytes === undefined || place.kind === 'register')
      throw new RequestError('this floating number cannot be written');
    raw = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  }
  const size = sizeOf(target.type);
  if (place.kind !== 'register' || target.object === undefined || size >= 4) return raw;
  const whole = registerValue(await debuggee.registers(), place.name)?.value ?? 0n;
  const mask = (1n << BigInt(8 * size)) - 1n;
  return (whole & ~mask) | (raw & mask);
}

/** @throws RequestError when the machine refuses it */
export async function writePlace(place: Place, value: bigint, debuggee: Debuggee): Promise<void> {
  const { target, vcpu } = debuggee;
  if (place.kind === 'memory') {
    const bytes = await placeBytes(place, value, debuggee);
    const written = await target.writeMemory({ space: 'linear', offset: place.address }, bytes);
    debuggee.invalidate();
    if (written < bytes.length) throw new RequestError(`memory at ${hex0x(place.address)} cannot be written`);
    return;
  }
  const write = registerWrite(await debuggee.registers(), place.name, value);
  if (write === undefined) throw new RequestError(`${place.name} cannot be written`);
  const result = await target.writeRegister(vcpu, write.name, write.value);
  debuggee.invalidate();
  if (!result.ok) throw new RequestError(`${place.name} cannot be written: ${result.reason}`);
}

/** A bit-field is written with the bits around it. */
async function placeBytes(
  place: Extract<Place, { kind: 'memory' }>,
  value: bigint,
  debuggee: Debuggee,
): Promise<Uint8Array> {
  const { bits: field } = place;
  const size = field === undefined ? place.size : Math.ceil((field.offset + field.size) / 8);
  let whole = value;
  if (field !== undefined) {
    const old = await debuggee.readMemory(place.address, size);
    const mask = ((1n << BigInt(field.size)) - 1n) << BigInt(field.offset);
    const before = old.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    whole = (before & ~mask) | ((value << BigInt(field.offset)) & mask);
  }
  return Uint8Array.from({ length: size }, (_, i) => Number((whole >> BigInt(8 * i)) & 0xffn));
}

/** Writes the variable that a client shows under `name` behind a reference. @throws RequestError */
export async function setProgramVariable(
  reference: number,
  name: string,
  text: string,
  debuggee: Debuggee,
): Promise<DebugProtocol.SetVariableResponse['body']> {
  const found = await findVariable(reference, name, debuggee);
  const { frame } = found;
  const { reader } = await formatContext(debuggee, frame);
  let target: Value;
  try {
    target = await loadObject(found.object, reader);
  } catch (error) {
    if (error instanceof StorageError) throw new ExpressionError(`${name} cannot be written: ${error.message}`);
    throw error;
  }
  await assignTo(target, name, await evaluate(text, await debuggee.evaluateContext(frame)), frame, debuggee);
  const after = await presentObject(found, frame, debuggee, await formatContext(debuggee, frame));
  const { value, type, variablesReference, namedVariables, indexedVariables, memoryReference } = after;
  return { value, type, variablesReference, namedVariables, indexedVariables, memoryReference };
}
