/**
 * The call stack as the source has it: where code of inlined functions executes, one frame of the stack is
 * several calls.
 */
import type { Frame, FrameView, FunctionScope, Registers, Variables } from '../core/index.ts';
import type { DebugInfo } from './debug-info.ts';

/** What is asked of the machine and its symbols. */
export interface Stacked {
  readonly images: readonly DebugInfo[];
  frames(): Promise<Frame[]>;
  registers(): Promise<Registers>;
  /** The address that the symbols know the code at `address` by. */
  linked(address: number): number;
  readMemory(address: number, length: number): Promise<Uint8Array>;
}

export interface CallFrame {
  /** The frame on the stack; several inlined calls share one. */
  readonly frame: Frame;
  /** An address inside the instruction that is executing. */
  readonly at: number;
  /** What the debug information knows of the function here. */
  readonly own?: { readonly variables: Variables; readonly scope: FunctionScope; readonly frame: FrameView };
  /** Where it called the inlined function of the frame before it. */
  readonly call?: { readonly file: string; readonly line: number; readonly column?: number };
}

const SS = 2;

export async function callFrames(debuggee: Stacked): Promise<CallFrame[]> {
  const frames = await debuggee.frames();
  const dataBase = (await debuggee.registers()).segments[SS].base;
  const calls: CallFrame[][] = [];
  let caller: FrameView['caller'];
  // From the outside in: a frame's variables may depend on what its caller passed.
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i];
    // A return address may already belong to the next line: the call is one byte before it.
    const isExact = i === 0 || frame.interrupted === true;
    const of = callsOf(frame, isExact ? frame.pc : (frame.pc - 1) >>> 0, dataBase, debuggee, caller);
    calls.push(of);
    caller = frame.interrupted === true ? undefined : of[0].own;
  }
  return calls.reverse().flat();
}

function callsOf(
  frame: Frame,
  at: number,
  dataBase: number,
  debuggee: Stacked,
  caller: FrameView['caller'],
): CallFrame[] {
  const linked = debuggee.linked(at);
  for (const image of debuggee.images) {
    const scopes = image.variables?.scopesAt(linked) ?? [];
    if (image.variables === undefined || scopes.length === 0) continue;
    const { variables } = image;
    const view: FrameView = {
      pc: linked,
      registers: frame.registers,
      savedAt: frame.savedAt,
      frameAddress: frame.frameAddress,
      dataBase,
      readMemory: (address, length) => debuggee.readMemory(address, length),
      caller,
    };
    return scopes.map((scope, depth) => ({
      frame,
      at,
      own: { variables, scope, frame: view },
      call: depth === 0 ? undefined : callOf(image, scopes[depth - 1]),
    }));
  }
  return [{ frame, at }];
}

function callOf(image: DebugInfo, inlined: FunctionScope): CallFrame['call'] {
  const file = image.callFile?.(inlined);
  return file === undefined || inlined.call === undefined
    ? undefined
    : { file, line: inlined.call.line, column: inlined.call.column };
}
