/**
 * Instruction text for people: the only file that uses iced-x86, loaded when first asked for (its start
 * costs a third of a second). Execution has its own decoder, core/isa/decode.ts.
 */
import type { Decoder, Formatter, Instruction } from 'iced-x86';

export interface DisassembledInstruction {
  /** Linear. */
  readonly address: number;
  /** Empty where memory cannot be read. */
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly valid: boolean;
  /** Where a near branch or call goes, as an offset in CS. */
  readonly target?: number;
}

export interface DisassembleRequest {
  /** Linear address of an instruction. */
  readonly start: number;
  /** Instructions to skip from `start`; negative goes back. */
  readonly instructionOffset: number;
  /** Exactly so many come back, 1–`MAX_INSTRUCTIONS`. */
  readonly count: number;
  readonly bits: 16 | 32;
  /** Base of CS, so that branch targets and text show offsets in it. */
  readonly codeBase: number;
  /** May answer fewer bytes than asked. */
  readMemory(linear: number, length: number): Promise<Uint8Array>;
  /** The greatest address ≤ `linear` where an instruction is known to start (symbol, line). */
  knownStart?(linear: number): number | undefined;
}

export const MAX_INSTRUCTIONS = 10_000;
const LONGEST = 15;
/** How far back a known start may lie to be decoded from. */
const MAX_ANCHOR_BYTES = 1024;
/** How far back to look for a sequence that meets the given address, where nothing is known. */
const GUESS_BYTES = 64;

type Iced = typeof import('iced-x86');
interface Tools {
  readonly iced: Iced;
  readonly formatter: Formatter;
  readonly instruction: Instruction;
}
let tools: Promise<Tools> | undefined;

async function load(): Promise<Tools> {
  const iced = await import('iced-x86');
  const formatter = new iced.Formatter(iced.FormatterSyntax.Intel);
  formatter.hexPrefix = '0x';
  formatter.hexSuffix = '';
  formatter.uppercaseHex = false;
  formatter.branchLeadingZeros = false;
  formatter.spaceAfterOperandSeparator = true;
  return { iced, formatter, instruction: new iced.Instruction() };
}

/** Instructions around `start`; items that stand for unreadable or undecodable bytes are one byte long. */
export async function disassemble(request: DisassembleRequest): Promise<DisassembledInstruction[]> {
  tools ??= load();
  const walker = new Walker(request, await tools);
  const count = Math.min(Math.max(Math.trunc(request.count) || 0, 0), MAX_INSTRUCTIONS);
  const offset = Math.max(-MAX_INSTRUCTIONS, Math.min(MAX_INSTRUCTIONS, Math.trunc(request.instructionOffset) || 0));
  if (offset >= 0) return (await walker.forward(request.start >>> 0, offset + count)).slice(offset);
  const before = (await walker.backward(request.start >>> 0, -offset)).slice(0, count);
  const after = await walker.forward(request.start >>> 0, count - before.length);
  return [...before, ...after];
}

class Walker {
  private readonly request: DisassembleRequest;
  private readonly tools: Tools;

  constructor(request: DisassembleRequest, loaded: Tools) {
    this.request = request;
    this.tools = loaded;
  }

  async forward(start: number, count: number): Promise<DisassembledInstruction[]> {
    const items: DisassembledInstruction[] = [];
    let address = start;
    while (items.length < count) {
      const wanted = Math.min((count - items.length) * LONGEST, 0x1000);
      const bytes = await this.request.readMemory(address, wanted);
      if (bytes.length === 0) {
        // The rest of the page is not there either.
        const end = Math.min(0x1000 - (address & 0xfff), count - items.length);
        for (let i = 0; i < end; i++) items.push(unreadable((address + i) >>> 0));
        address = (address + end) >>> 0;
        continue;
      }
      // The last instruction may go on behind what was read, unless memory ends there.
      const complete = bytes.length < wanted ? bytes.length : Math.max(bytes.length - LONGEST, 1);
      const decoded = this.decode(bytes, address, complete, count - items.length);
      items.push(...decoded);
      const last = decoded[decoded.length - 1];
      address = (last.address + Math.max(last.bytes.length, 1)) >>> 0;
    }
    return items;
  }

  /** The `count` instructions before `start`, in rising order. */
  async backward(start: number, count: number): Promise<DisassembledInstruction[]> {
    const runs: DisassembledInstruction[][] = [];
    let found = 0;
    let end = start;
    while (found < count) {
      const run = await this.runBefore(end);
      runs.push(run);
      found += run.length;
      end = run[0].address;
    }
    return runs.reverse().flat().slice(-count);
  }

  /** At least one item; the last one ends exactly at `end`. */
  private async runBefore(end: number): Promise<DisassembledInstruction[]> {
    const previous = (end - 1) >>> 0;
    const anchor = this.request.knownStart?.(previous);
    const distance = anchor === undefined ? 0 : (end - anchor) >>> 0;
    if (anchor !== undefined && distance > 0 && distance <= MAX_ANCHOR_BYTES) {
      const run = await this.runFrom(anchor, distance);
      if (run !== undefined) return run;
    }
    return (await this.guessBefore(end, distance)) ?? [await this.single(previous)];
  }

  private async runFrom(start: number, length: number): Promise<DisassembledInstruction[] | undefined> {
    const bytes = await this.request.readMemory(start, length);
    return bytes.length === length ? this.exactRun(bytes, start) : undefined;
  }

  /** The longest sequence that meets `end`: x86 code falls into step after a few instructions. */
  private async guessBefore(end: number, distance: number): Promise<DisassembledInstruction[] | undefined> {
    let length = distance > 0 ? Math.min(GUESS_BYTES, distance) : GUESS_BYTES;
    let bytes = await this.request.readMemory((end - length) >>> 0, length);
    if (bytes.length < length) {
      length = Math.min(length, ((end - 1) & 0xfff) + 1);
      bytes = await this.request.readMemory((end - length) >>> 0, length);
      if (bytes.length < length) return undefined;
    }
    for (let skip = 0; skip < length; skip++) {
      const run = this.exactRun(bytes.subarray(skip), (end - length + skip) >>> 0);
      if (run?.every((item) => item.valid)) return run;
    }
    return undefined;
  }

  /** All of `bytes` as instructions, if they end where the bytes end. */
  private exactRun(bytes: Uint8Array, address: number): DisassembledInstruction[] | undefined {
    const run = this.decode(bytes, address, bytes.length, Number.POSITIVE_INFINITY);
    const last = run[run.length - 1];
    return last?.valid ? run : undefined;
  }

  private async single(address: number): Promise<DisassembledInstruction> {
    const bytes = await this.request.readMemory(address, 1);
    return bytes.length === 0 ? unreadable(address) : invalid(address, bytes);
  }

  /** Decodes instructions that start below `limit`; undecodable bytes become items of one byte. */
  private decode(bytes: Uint8Array, address: number, limit: number, count: number): DisassembledInstruction[] {
    const { iced, formatter, instruction } = this.tools;
    const { bits, codeBase } = this.request;
    const decoder: Decoder = new iced.Decoder(bits, bytes, iced.DecoderOptions.None);
    const items: DisassembledInstruction[] = [];
    try {
      for (let at = 0; at < limit && items.length < count; ) {
        const linear = (address + at) >>> 0;
        decoder.position = at;
        decoder.ip = BigInt((linear - codeBase) >>> 0);
        decoder.decodeOut(instruction);
        if (instruction.isInvalid || instruction.length === 0) {
          items.push(invalid(linear, bytes.slice(at, at + 1)));
          at++;
          continue;
        }
        const target = isNearBranch(iced, instruction) ? Number(instruction.nearBranchTarget & 0xffffffffn) : undefined;
        items.push({
          address: linear,
          bytes: bytes.slice(at, at + instruction.length),
          text: selectorFirst(formatter.format(instruction)),
          valid: true,
          target,
        });
        at += instruction.length;
      }
    } finally {
      decoder.free();
    }
    return items;
  }
}

function isNearBranch(iced: Iced, instruction: Instruction): boolean {
  if (instruction.opCount === 0) return false;
  const kind = instruction.opKind(0);
  return kind === iced.OpKind.NearBranch16 || kind === iced.OpKind.NearBranch32;
}

/** `jmp far 8:0x7cc4`, as the manual writes far pointers (SDM vol. 2, 3.1.1.3); the formatter has them as two operands. */
function selectorFirst(text: string): string {
  return text.replace(/^(jmp|call) far (\w+), (\w+)$/, '$1 far $3:$2');
}

function invalid(address: number, bytes: Uint8Array): DisassembledInstruction {
  return { address, bytes, text: `db 0x${bytes[0].toString(16).padStart(2, '0')}`, valid: false };
}

function unreadable(address: number): DisassembledInstruction {
  return { address, bytes: new Uint8Array(0), text: '(not readable)', valid: false };
}
