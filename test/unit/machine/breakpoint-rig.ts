/** A machine whose guest breakpoints (DR0–DR3) are armed from outside and whose #DB handler keeps a log. */
import { RF } from '../../../core/isa/eflags.ts';
import { dword, type HandlerRig, handlerRig } from './handler-rig.ts';

/** R/Wn. */
export const EXECUTE = 0;
export const WRITE = 1;
export const PORT = 2;
export const ACCESS = 3;
/** Where guests here have their data. */
export const DATA = 0x200000;
const LOG = 0x300000;
const ENTRY_SIZE = 12;
export const B0 = 1;
export const BS = 1 << 14;
/** Steps of the handler. */
export const HANDLER_STEPS = 16;

/** Appends EIP, DR6 and EFLAGS of the #DB to the log, clears DR6 and returns. */
const LOGGING = [
  ...[0x50, 0x53, 0x8b, 0x1d, ...dword(LOG)],
  // mov eax,[esp+8]; mov [ebx],eax; mov eax,dr6; mov [ebx+4],eax; mov eax,[esp+16]; mov [ebx+8],eax
  ...[0x8b, 0x44, 0x24, 0x08, 0x89, 0x03, 0x0f, 0x21, 0xf0, 0x89, 0x43, 0x04, 0x8b, 0x44, 0x24, 0x10, 0x89, 0x43, 0x08],
  // add ebx,12; mov [LOG],ebx; xor eax,eax; mov dr6,eax; pop ebx; pop eax; iret
  ...[0x83, 0xc3, ENTRY_SIZE, 0x89, 0x1d, ...dword(LOG), 0x31, 0xc0, 0x0f, 0x23, 0xf0, 0x5b, 0x58, 0xcf],
];

export interface Armed {
  readonly address: number;
  /** EXECUTE unless given. */
  readonly on?: number;
  /** 1, 2, 4 or 8 bytes; 1 unless given. */
  readonly length?: number;
}

/** What the handler saw: EIP relative to the entry, Bn BD BS, and whether the image had RF. */
export type Entry = readonly [eip: number, bits: number, resume: boolean];

export interface BreakpointRig extends HandlerRig {
  arm(...list: readonly Armed[]): void;
  /** Since the last call. */
  log(): Entry[];
  load(at: number, bytes: readonly number[]): void;
}

export function dr7(list: readonly Armed[]): number {
  return list.reduce((word, { on = EXECUTE, length = 1 }, n) => {
    const field = on | ((length === 8 ? 2 : length - 1) << 2);
    return (word | (1 << (2 * n)) | (field << (16 + 4 * n))) >>> 0;
  }, 0);
}

export function breakpointRig(tier: 0 | 1, code: readonly number[]): BreakpointRig {
  const rig = handlerRig(tier, code, LOGGING);
  const { machine, entry } = rig;
  const load = (at: number, bytes: readonly number[]) => machine.physical.write('loader', at, Uint8Array.from(bytes));
  load(LOG, dword(LOG + 4));
  const arm = (...list: readonly Armed[]) => {
    list.forEach(({ address }, n) => setRegister(rig, `dr${n}`, address));
    setRegister(rig, 'dr7', dr7(list));
  };
  const log = () => {
    const entries: Entry[] = [];
    const end = machine.physical.word(LOG);
    for (let at = LOG + 4; at < end; at += ENTRY_SIZE) {
      const [eip, bits, flags] = [0, 4, 8].map((offset) => machine.physical.word(at + offset));
      entries.push([(eip - entry) | 0, bits & 0xe00f, (flags & RF) !== 0]);
    }
    load(LOG, dword(LOG + 4));
    return entries;
  };
  return { ...rig, arm, log, load };
}

/** As a debugger writes it. */
export function setRegister({ machine }: HandlerRig, name: string, value: number): void {
  const result = machine.input({ kind: 'register', vcpu: 0, name, value: dword(value) });
  if (!result.ok) throw new Error(`${name}: ${result.reason}`);
}

/** Runs until EIP is at the entry and code is hot, that is executed by the loop and the tier that long runs use. */
export function warm({ machine, entry, log }: BreakpointRig): void {
  machine.run(40_000);
  while (machine.vcpus[0].context.eip !== entry) machine.run(1);
  log();
}
