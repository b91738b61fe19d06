/** c C s S vCont ? k D R T H: running, threads, and the end of a session. A thread is a vCPU. */
import { GDB_EIP, hexToBytes, type Resume } from '../../../core/index.ts';
import { bare, type Command, command } from '../command.ts';
import { offsetOf, writeShown } from '../registers.ts';
import { type Answer, EMPTY, INVALID, NO_SUCH_THREAD, OK, reply, type Stub } from '../stub.ts';
import { hexNumber, hexNumbers, littleEndian, threadId } from '../text.ts';

/** Signals a client passes back to the guest, as the exception each stands for. */
const VECTOR_OF_SIGNAL: Readonly<Record<number, number>> = { 4: 6, 7: 17, 8: 0, 11: 13 };

/** `[address]`: where to go on, or undefined for here. */
function parseAddress(rest: string): { address?: number } | undefined {
  if (rest === '') return {};
  const address = hexNumber(rest);
  return address === undefined ? undefined : { address };
}

/** `signal[;address]` */
function parseSignal(rest: string): { address?: number; vector?: number } | undefined {
  const [signalText, addressText, ...more] = rest.split(';');
  const signal = hexNumber(signalText);
  const where = parseAddress(addressText ?? '');
  if (signal === undefined || where === undefined || more.length > 0) return undefined;
  return { ...where, vector: VECTOR_OF_SIGNAL[signal] };
}

type Where = { address?: number; vector?: number };

async function resumeAt(stub: Stub, { address, vector }: Where, kind: 'continue' | 'step'): Promise<Answer> {
  if (address !== undefined) {
    const bytes = hexToBytes(littleEndian(address, 4)) ?? new Uint8Array(4);
    const result = await writeShown(stub.target, stub.vcpu, GDB_EIP, bytes, stub.pcMode);
    if (!result.ok) return INVALID;
  }
  return { kind: 'resume', how: how(stub, kind, vector) };
}

function how(stub: Stub, kind: 'continue' | 'step', vector?: number): Resume {
  return kind === 'continue' ? { kind, vector } : { kind, vector, interrupts: stub.stepInterrupts };
}

interface Action {
  readonly verb: 'c' | 's' | 't' | 'r';
  readonly thread: number | 'any';
  readonly vector?: number;
  readonly start: number;
  readonly end: number;
}

/** `?`, or a list of `;action[:thread]`. */
function parseVCont(rest: string): Action[] | 'ask' | undefined {
  if (rest === '?') return 'ask';
  if (!rest.startsWith(';')) return undefined;
  const actions: Action[] = [];
  for (const text of rest.slice(1).split(';')) {
    const parsed = parseAction(text);
    if (parsed === undefined) return undefined;
    actions.push(parsed);
  }
  return actions;
}

function parseAction(text: string): Action | undefined {
  const [what, threadText, ...more] = text.split(':');
  const thread = threadText === undefined ? 'any' : threadId(threadText);
  if (thread === undefined || more.length > 0) return undefined;
  const verb = what.slice(0, 1);
  const argument = what.slice(1);
  if ((verb === 'c' || verb === 's' || verb === 't') && argument === '') return actionOf(verb, thread);
  if (verb === 'C' || verb === 'S') {
    const signal = hexNumber(argument);
    return signal === undefined ? undefined : actionOf(verb === 'C' ? 'c' : 's', thread, VECTOR_OF_SIGNAL[signal]);
  }
  const range = verb === 'r' ? hexNumbers(argument, 2) : undefined;
  return range && actionOf('r', thread, undefined, range[0], range[1]);
}

function actionOf(verb: Action['verb'], thread: Action['thread'], vector?: number, start = 0, end = 0): Action {
  return { verb, thread, vector, start, end };
}

/** The first action that names a vCPU decides for it; all vCPUs run together, so a step of one wins. */
function runVCont(stub: Stub, actions: Action[] | 'ask'): Promise<Answer> | Answer {
  if (actions === 'ask') return reply('vCont;c;C;s;S;t;r');
  const action =
    actions.find(({ thread, verb }) => verb !== 'c' && (thread === 'any' || thread < stub.target.vcpus)) ?? actions[0];
  if (action.thread !== 'any' && action.thread >= stub.target.vcpus) return NO_SUCH_THREAD;
  if (action.thread !== 'any' && action.verb !== 'c') stub.vcpu = action.thread;
  switch (action.verb) {
    case 't':
      return { kind: 'last-stop' };
    case 'r':
      return stepRange(stub, action);
    case 's':
      return { kind: 'resume', how: how(stub, 'step', action.vector) };
    case 'c':
      return { kind: 'resume', how: how(stub, 'continue', action.vector) };
  }
}

/** The client's addresses are those it was shown; an address behind the segment's end stays behind it. */
async function stepRange(stub: Stub, { start, end }: Action): Promise<Answer> {
  const registers = await stub.target.readRegisters(stub.vcpu);
  const first = offsetOf(registers, start, stub.pcMode);
  return { kind: 'resume', how: { kind: 'range', start: first, end: first + Math.max(end - start, 0) } };
}

function parseSelection(rest: string): { operation: string; thread: number | 'any' } | undefined {
  const operation = rest.slice(0, 1);
  const thread = threadId(rest.slice(1));
  return (operation === 'g' || operation === 'c') && thread !== undefined ? { operation, thread } : undefined;
}

function selectThread(stub: Stub, { operation, thread }: { operation: string; thread: number | 'any' }): Answer {
  if (thread === 'any') return OK;
  if (thread < 0 || thread >= stub.target.vcpus) return NO_SUCH_THREAD;
  if (operation === 'g') stub.vcpu = thread;
  return OK;
}

function isAlive(stub: Stub, thread: number | 'any'): Answer {
  return thread === 'any' || (thread >= 0 && thread < stub.target.vcpus) ? OK : NO_SUCH_THREAD;
}

/** Nothing or `;pid`. gdb makes up a process number of its own where a stub has named none. */
function parseProcess(rest: string): true | undefined {
  return rest === '' || /^;-?[0-9a-fA-F]*$/.test(rest) ? true : undefined;
}

function extended(stub: Stub): Answer {
  stub.extended = true;
  return OK;
}

export const resumeCommands: readonly Command[] = [
  command('c', parseAddress, (stub, where) => resumeAt(stub, where, 'continue')),
  command('s', parseAddress, (stub, where) => resumeAt(stub, where, 'step')),
  command('C', parseSignal, (stub, where) => resumeAt(stub, where, 'continue')),
  command('S', parseSignal, (stub, where) => resumeAt(stub, where, 'step')),
  command('vCont', parseVCont, runVCont),
  bare('vCtrlC', () => EMPTY),
  bare('?', () => ({ kind: 'last-stop' })),
  bare('!', extended),
  command('H', parseSelection, selectThread),
  command('T', threadId, isAlive),
  command('D', parseProcess, () => ({ kind: 'detach' })),
  bare('k', () => ({ kind: 'kill' })),
  command('vKill', parseProcess, () => ({ kind: 'kill', data: 'OK' })),
  command('vAttach', parseProcess, () => ({ kind: 'last-stop' })),
  // A restart is a reset of the machine. `R` has no reply, `vRun` answers like a stop.
  command(
    'R',
    () => true,
    () => ({ kind: 'restart', reply: false }),
  ),
  command(
    'vRun',
    () => true,
    () => ({ kind: 'restart', reply: true }),
  ),
];
