/** The disassemble request: instructions in both directions with symbols and source lines. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { type DisassembledInstruction, disassemble, hex0x, MAX_INSTRUCTIONS } from '../core/index.ts';
import { integer, type Json, required } from './arguments.ts';
import type { Debuggee } from './debuggee.ts';
import { parseReference } from './memory.ts';
import { RequestError } from './protocol-error.ts';
import type { Sources } from './sources.ts';

export async function disassembleRequest(
  args: Json,
  debuggee: Debuggee,
  sources: Sources,
): Promise<DebugProtocol.DisassembleResponse['body']> {
  const base = await parseReference(required(args.memoryReference, 'memoryReference'), debuggee);
  if (base.space !== 'linear') throw new RequestError('only linear addresses can be disassembled');
  const count = integer(args.instructionCount);
  if (count < 0 || count > MAX_INSTRUCTIONS)
    throw new RequestError(`instructionCount must be 0 to ${MAX_INSTRUCTIONS}`);
  const registers = await debuggee.registers();
  const items = await disassemble({
    start: (base.offset + integer(args.offset)) >>> 0,
    instructionOffset: integer(args.instructionOffset),
    count,
    bits: registers.codeBits,
    codeBase: registers.segments[1].base,
    readMemory: (address, length) => debuggee.readMemory(address, length),
    knownStart: (address) => knownStart(address, debuggee),
  });
  const codeBase = registers.segments[1].base;
  const withSymbols = args.resolveSymbols !== false;
  let previous: { file: string; line: number } | undefined;
  const instructions = items.map((item) => {
    const row = item.valid ? debuggee.locate(item.address) : undefined;
    const shown = present(item, debuggee, codeBase, withSymbols);
    // The location is only told where it changes, as the protocol asks.
    if (row !== undefined && (row.file !== previous?.file || row.line !== previous.line)) {
      shown.location = sources.present(row.file);
      shown.line = row.line;
      shown.column = row.column;
    }
    if (row !== undefined) previous = row;
    return shown;
  });
  return { instructions };
}

/** The nearest of the line row and the function that cover an address. */
function knownStart(address: number, debuggee: Debuggee): number | undefined {
  const row = debuggee.locate(address);
  const start = debuggee.functionStart(address);
  if (row === undefined) return start;
  return start === undefined || row.start > start ? row.start : start;
}

function present(
  item: DisassembledInstruction,
  debuggee: Debuggee,
  codeBase: number,
  withSymbols: boolean,
): DebugProtocol.DisassembledInstruction {
  const shown: DebugProtocol.DisassembledInstruction = {
    address: hex0x(item.address),
    instruction: item.text,
    instructionBytes: [...item.bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
  };
  if (!item.valid) shown.presentationHint = 'invalid';
  if (!withSymbols) return shown;
  const symbol = debuggee.symbolAt(item.address);
  if (symbol?.offset === 0) shown.symbol = symbol.name;
  const target = item.target === undefined ? undefined : debuggee.symbolAt((item.target + codeBase) >>> 0);
  if (target !== undefined) shown.instruction += ` <${target.name}${target.offset === 0 ? '' : `+${target.offset}`}>`;
  return shown;
}
