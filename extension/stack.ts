/** Threads, stack frames, modules, sources: where the guest is. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { type FunctionScope, hex, hex0x, type Registers } from '../core/index.ts';
import { integer, type Json } from './arguments.ts';
import type { CallFrame } from './call-frames.ts';
import type { DebugInfo } from './debug-info.ts';
import type { Debuggee } from './debuggee.ts';
import type { Sources } from './sources.ts';

const CR0_PE = 1;
const CR0_PG = 0x8000_0000;
const EFLAGS_VM = 1 << 17;

export async function threads(debuggee: Debuggee): Promise<DebugProtocol.ThreadsResponse['body']> {
  const list: DebugProtocol.Thread[] = [];
  for (let vcpu = 0; vcpu < debuggee.target.vcpus; vcpu++) {
    list.push({ id: vcpu + 1, name: `vCPU ${vcpu} (${modeName(await debuggee.target.readRegisters(vcpu))})` });
  }
  return { threads: list };
}

function modeName(registers: Registers): string {
  if (!(registers.cr0 & CR0_PE)) return 'real mode';
  if (registers.eflags & EFLAGS_VM) return 'virtual-8086 mode';
  return `ring ${registers.cpl}, ${registers.codeBits}-bit${registers.cr0 & CR0_PG ? ', paging' : ''}`;
}

export async function stackTrace(
  args: Json,
  debuggee: Debuggee,
  sources: Sources,
): Promise<DebugProtocol.StackTraceResponse['body']> {
  const frames = await debuggee.callFrames();
  const first = Math.max(integer(args.startFrame), 0);
  const levels = integer(args.levels);
  const wanted = frames.slice(first, levels > 0 ? first + levels : undefined);
  const registers = await debuggee.registers();
  return {
    stackFrames: wanted.map((frame, i) => presentFrame(frame, first + i, debuggee, sources, registers)),
    totalFrames: frames.length,
  };
}

function presentFrame(
  { frame, at, own, call }: CallFrame,
  index: number,
  debuggee: Debuggee,
  sources: Sources,
  registers: Registers,
): DebugProtocol.StackFrame {
  const row = call ?? debuggee.locate(at);
  const found = debuggee.symbolAt(at);
  const symbol = nameOf(own?.scope, found);
  const offset = (frame.pc - registers.segments[1].base) >>> 0;
  const bare =
    registers.codeBits === 16 ? `${hex(registers.segments[1].selector, 4)}:${hex(offset, 4)}` : hex0x(frame.pc);
  return {
    id: index + 1,
    name:
      symbol === undefined
        ? bare
        : row === undefined && symbol.offset !== 0
          ? `${symbol.name}+0x${symbol.offset.toString(16)}`
          : symbol.name,
    source: row === undefined ? undefined : sources.present(row.file),
    line: row?.line ?? 0,
    column: row === undefined ? 0 : (row.column ?? 1),
    instructionPointerReference: hex0x(frame.pc),
    presentationHint: symbol === undefined && row === undefined && index > 0 ? 'subtle' : 'normal',
    moduleId: moduleIdAt(at, debuggee),
  };
}

/** Inlined functions have no symbol; of the others the debug information knows the name without parameters. */
function nameOf(scope: FunctionScope | undefined, found: { name: string; offset: number } | undefined) {
  if (scope === undefined || scope.name === '') return found;
  return { name: scope.name, offset: scope.isInlined ? 0 : (found?.offset ?? 0) };
}

function moduleIdAt(address: number, debuggee: Debuggee): number | undefined {
  const image = debuggee.images.find((one) => one.lookup(address) !== undefined);
  return image && debuggee.moduleId(image);
}

export function moduleOf(image: DebugInfo, debuggee: Debuggee): DebugProtocol.Module {
  const symbolStatus = image.files().length > 0 ? 'symbols and lines loaded' : 'symbols loaded';
  return { id: debuggee.moduleId(image), name: image.name, path: image.path, symbolStatus };
}

export function modules(args: Json, debuggee: Debuggee): DebugProtocol.ModulesResponse['body'] {
  const first = Math.max(integer(args.startModule), 0);
  const count = integer(args.moduleCount);
  const all = debuggee.images.map((image) => moduleOf(image, debuggee));
  return { modules: all.slice(first, count > 0 ? first + count : undefined), totalModules: all.length };
}

export function loadedSources(sources: Sources): DebugProtocol.LoadedSourcesResponse['body'] {
  return { sources: sources.files().map((file) => sources.present(file)) };
}
