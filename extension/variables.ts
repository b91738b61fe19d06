/**
 * The scopes Registers, Segments, System, Flags and FPU. References are fixed numbers, so that a client's
 * tree stays open from stop to stop.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import {
  bytesToHex,
  evaluate,
  FLAG_BITS,
  GENERAL_NAMES,
  hex0x,
  type Registers,
  registerValue,
  SEGMENT_NAMES,
  type SegmentValue,
} from '../core/index.ts';
import { integer, type Json, required } from './arguments.ts';
import { setProgramVariable, writePlace } from './assignment.ts';
import type { Debuggee } from './debuggee.ts';
import { programScopes, programVariables } from './program-variables.ts';
import { RequestError } from './protocol-error.ts';
import { FIRST_REFERENCE } from './variable-references.ts';

const REGISTERS = 1;
const SEGMENTS = 2;
const SYSTEM = 3;
const FLAGS = 4;
const FPU = 5;
/** + number of the segment register; then ldtr, tr, gdtr, idtr. */
const SEGMENT_PARTS = 16;
const LDTR_PARTS = 22;
const TR_PARTS = 23;
const GDTR_PARTS = 24;
const IDTR_PARTS = 25;
/** + frame index: the registers of an outer frame. */
const FRAME_REGISTERS = 1000;

type Variable = DebugProtocol.Variable;

export async function scopes(args: Json, debuggee: Debuggee): Promise<DebugProtocol.ScopesResponse['body']> {
  const frame = integer(args.frameId, 1) - 1;
  const program = await programScopes(Math.max(frame, 0), debuggee);
  if (frame > 0) {
    return {
      scopes: [
        ...program,
        {
          name: 'Registers',
          presentationHint: 'registers',
          variablesReference: FRAME_REGISTERS + frame,
          expensive: false,
        },
      ],
    };
  }
  const scope = (name: string, variablesReference: number): DebugProtocol.Scope => ({
    name,
    presentationHint: 'registers',
    variablesReference,
    expensive: false,
  });
  return {
    scopes: [
      ...program,
      scope('Registers', REGISTERS),
      scope('Segments', SEGMENTS),
      scope('System', SYSTEM),
      scope('Flags', FLAGS),
      { ...scope('FPU', FPU), expensive: true },
    ],
  };
}

export async function variables(args: Json, debuggee: Debuggee): Promise<DebugProtocol.VariablesResponse['body']> {
  const reference = integer(args.variablesReference);
  if (reference >= FIRST_REFERENCE) {
    const start = Math.max(integer(args.start), 0);
    return { variables: await programVariables(reference, start, integer(args.count), debuggee) };
  }
  const all = list(reference, await registersOf(reference, debuggee));
  if (all === undefined) throw new RequestError(`there are no variables ${reference}`);
  const start = Math.max(integer(args.start), 0);
  const count = integer(args.count);
  return { variables: all.slice(start, count > 0 ? start + count : undefined) };
}

function registersOf(reference: number, debuggee: Debuggee): Promise<Registers> {
  return debuggee.registersIn(reference > FRAME_REGISTERS ? reference - FRAME_REGISTERS : 0);
}

function list(reference: number, registers: Registers): Variable[] | undefined {
  switch (reference) {
    case REGISTERS:
      return generalRegisters(registers);
    case SEGMENTS:
      return segmentRegisters(registers);
    case SYSTEM:
      return systemRegisters(registers);
    case FLAGS:
      return FLAG_BITS.map(([name]) => named(registers, name, name.toUpperCase(), 1));
    case FPU:
      return fpuRegisters(registers);
    case LDTR_PARTS:
      return segmentParts(registers, 'ldtr');
    case TR_PARTS:
      return segmentParts(registers, 'tr');
    case GDTR_PARTS:
      return [named(registers, 'gdtr_base', 'base', 8), named(registers, 'gdtr_limit', 'limit', 4)];
    case IDTR_PARTS:
      return [named(registers, 'idtr_base', 'base', 8), named(registers, 'idtr_limit', 'limit', 4)];
    default:
      if (reference > FRAME_REGISTERS) return ['eip', 'esp', 'ebp'].map((name) => readOnly(pointer(registers, name)));
      if (reference >= SEGMENT_PARTS && reference < LDTR_PARTS)
        return segmentParts(registers, SEGMENT_NAMES[reference - SEGMENT_PARTS]);
      return undefined;
  }
}

/** A variable that is a register, under the name that expressions use for it. */
function named(registers: Registers, register: string, name: string, digits: number): Variable {
  const value = Number(registerValue(registers, register)?.value ?? 0n);
  return {
    name,
    value: digits === 1 ? String(value) : hex0x(value, digits),
    type: 'register',
    variablesReference: 0,
    evaluateName: `$${register}`,
  };
}

/** Any 32-bit register may hold an address: the client can open memory at it. */
function pointer(registers: Registers, register: string): Variable {
  const variable = named(registers, register, register, 8);
  return { ...variable, memoryReference: variable.value };
}

function readOnly(variable: Variable): Variable {
  return { ...variable, presentationHint: { attributes: ['readOnly'] } };
}

function generalRegisters(registers: Registers): Variable[] {
  const eip = { ...pointer(registers, 'eip'), memoryReference: hex0x(registers.segments[1].base + registers.eip) };
  const set = FLAG_BITS.filter(([, mask]) => registers.eflags & mask).map(([name]) => name.toUpperCase());
  const eflags = { ...named(registers, 'eflags', 'eflags', 8), type: set.join(' ') };
  return [...GENERAL_NAMES.map((name) => pointer(registers, name)), eip, eflags];
}

function segmentRegisters(registers: Registers): Variable[] {
  return [
    ...SEGMENT_NAMES.map((name, i) => segmentVariable(registers, name, registers.segments[i], SEGMENT_PARTS + i)),
    segmentVariable(registers, 'ldtr', registers.ldtr, LDTR_PARTS),
    segmentVariable(registers, 'tr', registers.tr, TR_PARTS),
  ];
}

function segmentVariable(registers: Registers, name: string, segment: SegmentValue, reference: number): Variable {
  return {
    ...named(registers, name, name, 4),
    type: segment.access === 0 ? 'unusable' : `base ${hex0x(segment.base)}, limit ${hex0x(segment.limit)}`,
    variablesReference: reference,
  };
}

function segmentParts(registers: Registers, name: string): Variable[] {
  return ['base', 'limit', 'access'].map((part) => readOnly(named(registers, `${name}_${part}`, part, 8)));
}

function systemRegisters(registers: Registers): Variable[] {
  const tables = (['gdtr', 'idtr'] as const).map(
    (name, i): Variable => ({
      name,
      value: `${hex0x(registers[name].base)}, limit ${hex0x(registers[name].limit, 4)}`,
      variablesReference: GDTR_PARTS + i,
      memoryReference: hex0x(registers[name].base),
    }),
  );
  const control = ['cr0', 'cr2', 'cr3', 'cr4'].map((name) => pointer(registers, name));
  const debug = [0, 1, 2, 3, 6, 7].map((i) => pointer(registers, `dr${i}`));
  const facts: Variable[] = [
    readOnly(named(registers, 'cpl', 'cpl', 1)),
    readOnly({ name: 'steps', value: String(registers.steps), variablesReference: 0, evaluateName: '$steps' }),
    readOnly({ name: 'halted', value: String(registers.halted), variablesReference: 0 }),
  ];
  return [...control, ...tables, ...debug, ...facts];
}

function fpuRegisters({ fpu }: Registers): Variable[] {
  const word = (name: string, value: number): Variable => ({ name, value: hex0x(value, 4), variablesReference: 0 });
  const stack = fpu.st.map(
    (bytes, i): Variable => ({
      name: `st${i}`,
      value: `0x${bytesToHex(bytes.slice().reverse())}`,
      variablesReference: 0,
    }),
  );
  return [...stack, word('fctrl', fpu.control), word('fstat', fpu.status), word('ftag', fpu.tag)];
}

/** Writes a register by the name that `variables` showed. */
export async function setVariable(args: Json, debuggee: Debuggee): Promise<DebugProtocol.SetVariableResponse['body']> {
  const reference = integer(args.variablesReference);
  const name = required(args.name, 'name');
  if (reference >= FIRST_REFERENCE) return setProgramVariable(reference, name, required(args.value, 'value'), debuggee);
  const shown = list(reference, await registersOf(reference, debuggee))?.find((variable) => variable.name === name);
  if (shown === undefined) throw new RequestError(`there is no variable ${name}`);
  const value = await evaluate(required(args.value, 'value'), await debuggee.evaluateContext());
  if (shown.presentationHint?.attributes?.includes('readOnly')) throw new RequestError(`${name} cannot be written`);
  const register = shown.evaluateName?.slice(1) ?? name;
  await writePlace({ kind: 'register', name: register }, value.value, debuggee);
  const after =
    list(reference, await registersOf(reference, debuggee))?.find((variable) => variable.name === name) ?? shown;
  return {
    value: after.value,
    type: after.type,
    variablesReference: after.variablesReference,
    memoryReference: after.memoryReference,
  };
}
