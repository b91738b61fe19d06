/**
 * A stop as gdb is told of it: `T<signal>` with fields, or `W<status>` when the machine is gone. The text
 * goes to the user's console first, where a signal number alone would not explain anything.
 */
import {
  EXCEPTION_NAMES,
  type FaultRecord,
  GDB_EBP,
  GDB_EIP,
  GDB_ESP,
  hex,
  type Registers,
  type Stop,
  shownPc,
} from '../../core/index.ts';
import type { ClientPoint } from './point-table.ts';
import { encodeRegister } from './registers.ts';
import type { Stub } from './stub.ts';

export interface StopReply {
  readonly text: string;
  readonly data: string;
}

const SIGHUP = 1;
const SIGINT = 2;
const SIGILL = 4;
const SIGTRAP = 5;
const SIGSEGV = 11;
const SIGXCPU = 24;

/**
 * A plain SIGTRAP while gdb is stepping means "the step is over", and it may go on stepping by itself: a
 * machine that cannot go on needs a signal of its own.
 */
function signalOf(stop: Stop): number {
  switch (stop.reason) {
    case 'interrupted':
      return SIGINT;
    case 'triple-fault':
      return SIGSEGV;
    case 'reset':
      return SIGHUP;
    case 'refused':
      return SIGILL;
    case 'limit':
      return SIGXCPU;
    default:
      return SIGTRAP;
  }
}

/** @param printed whether the client takes text with this reply, which it does while the guest runs */
export async function stopReply(stub: Stub, stop: Stop, printed: boolean): Promise<StopReply> {
  const text = explain(stop);
  if (stop.reason === 'poweroff') return { text, data: 'W00' };
  if (stop.reason === 'exit') return { text, data: `W${hex((stop.status ?? 0) & 0xff, 2)}` };
  const registers = await stub.target.readRegisters(stop.vcpu);
  const fields = [`thread:${hex(stop.vcpu + 1, 1)}`];
  for (const number of [GDB_EBP, GDB_ESP, GDB_EIP]) {
    fields.push(`${hex(number, 2)}:${encodeRegister(registers, number, stub.pcMode)}`);
  }
  const why = pointField(stub, stop, shownPc(registers, stub.pcMode));
  if (why !== undefined) fields.push(why);
  const hint = printed ? scriptHint(stub, registers) : '';
  return { text: text + hint, data: `T${hex(signalOf(stop), 2)}${fields.join(';')};` };
}

/**
 * gdb keeps to the 32-bit code that an ELF file it has loaded says, whatever the target description says, and
 * reads a description only once. Once a session the user is told what helps.
 */
function scriptHint(stub: Stub, { codeBits, segments, eip }: Registers): string {
  if (codeBits === 32 || stub.knowsScript || stub.script === undefined) return '';
  stub.knowsScript = true;
  return `16-bit code at ${hex(segments[1].selector, 4)}:${hex(eip, 4)}; for gdb to follow it: source ${stub.script}\n`;
}

function pointField(stub: Stub, stop: Stop, pc: number): string | undefined {
  const hits = stub.points.hits(stop.points);
  if (stop.reason === 'watchpoint') {
    return watchField(
      hits.filter(({ type }) => type >= 2),
      stop.access?.address.offset,
    );
  }
  if (stop.reason !== 'breakpoint') return undefined;
  // With a PC that is not the breakpoint's own address gdb takes the reason for a stale one and resumes
  // silently, for ever: 32-bit code in a segment with a base matches by linear address, for one.
  const hit = hits.find(({ type, address }) => type < 2 && address === pc);
  if (hit?.type === 0 && stub.client.swbreak) return 'swbreak:';
  if (hit?.type === 1 && stub.client.hwbreak) return 'hwbreak:';
  return undefined;
}

/**
 * gdb looks its watchpoints up by the one address it is told, which must lie in a watched range: the first byte
 * touched may not. Where ranges overlap, it is one that most of those hit have in common, and none is missed.
 */
function watchField(hits: readonly ClientPoint[], touched: number | undefined): string | undefined {
  let field: string | undefined;
  let most = 0;
  for (const hit of hits) {
    const address = touched !== undefined && covers(hit, touched) ? touched : hit.address;
    const found = hits.filter((other) => covers(other, address)).length;
    if (found <= most) continue;
    most = found;
    field = `${['watch', 'rwatch', 'awatch'][hit.type - 2]}:${hex(address)}`;
  }
  return field;
}

function covers({ address, length }: ClientPoint, byte: number): boolean {
  return byte >= address && byte < address + length;
}

/** What a user must know beyond the signal; empty for ordinary stops. */
function explain(stop: Stop): string {
  const message = stop.message === undefined ? '' : `: ${stop.message}`;
  switch (stop.reason) {
    case 'triple-fault':
      return [
        'Triple fault: the guest has shut down. Its state is kept as it was.',
        ...(stop.exceptions ?? []).map((fault, i) => `  ${i + 1}. ${faultLine(fault)}`),
        '',
      ].join('\n');
    case 'refused':
      return `The guest needs something that is not supported yet${message}\n`;
    case 'reset':
      return `The guest reset the machine${message}\n`;
    case 'limit':
      return `The limit on instructions is reached${message}\n`;
    case 'vector':
      return (stop.exceptions ?? []).map((fault) => `About to deliver ${faultLine(fault)}\n`).join('');
    default:
      return message === '' ? '' : `${stop.message}\n`;
  }
}

/** One line: vector, error code, where, why. */
export function faultLine(fault: FaultRecord): string {
  const name = EXCEPTION_NAMES[fault.vector] ?? `vector ${fault.vector}`;
  const code = fault.errorCode === undefined ? '' : ` error ${hex(fault.errorCode, 4)}`;
  const cr2 = fault.cr2 === undefined ? '' : ` cr2 ${hex(fault.cr2)}`;
  const where = `${hex(fault.cs, 4)}:${hex(fault.eip)} cpl ${fault.cpl}`;
  return `${name}${code}${cr2} at ${where}: ${fault.cause}`;
}
