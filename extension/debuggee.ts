/**
 * A machine and everything that is known about what runs in it: the target, the images with symbols, a
 * register snapshot. It does not run the machine (run-control.ts) and speaks no protocol.
 */
import {
  type DebugTarget,
  type EvaluateContext,
  encloses,
  type Frame,
  FrameScope,
  linear,
  type Point,
  type Registers,
  type SymbolMeaning,
  type Type,
  unwind,
} from '../core/index.ts';
import { type CallFrame, callFrames } from './call-frames.ts';
import type { DebugInfo, SourceRow } from './debug-info.ts';
import { VariableReferences } from './variable-references.ts';

export class Debuggee {
  readonly target: DebugTarget;
  private loaded: readonly DebugInfo[];
  /** By which a client knows the images, from 1; those of images that are gone are not used again. */
  private readonly moduleIds = new Map<DebugInfo, number>();
  /** Of the vCPU that is shown. */
  readonly vcpu = 0;
  /** What the client may open. */
  readonly references = new VariableReferences();
  /** Base of CS when the registers were last read. */
  private codeBase = 0;
  private snapshot: Promise<Registers> | undefined;
  private stack: Promise<Frame[]> | undefined;
  private calls: Promise<CallFrame[]> | undefined;
  /** Innermost inlined calls that the guest stands at the very start of, and that the user has not gone into. */
  private ahead = 0;

  constructor(target: DebugTarget, images: readonly DebugInfo[]) {
    this.target = target;
    this.loaded = images;
    for (const image of images) this.moduleId(image);
  }

  get images(): readonly DebugInfo[] {
    return this.loaded;
  }

  addImage(image: DebugInfo): void {
    this.loaded = [...this.loaded, image];
    this.moved();
  }

  removeImage(image: DebugInfo): void {
    this.loaded = this.loaded.filter((one) => one !== image);
    this.moved();
  }

  moduleId(image: DebugInfo): number {
    let id = this.moduleIds.get(image);
    if (id === undefined) {
      id = this.moduleIds.size + 1;
      this.moduleIds.set(image, id);
    }
    return id;
  }

  /** The guest is elsewhere: forgets what was read, and where the user had looked. */
  moved(): void {
    this.invalidate();
    this.ahead = 0;
  }

  /** Forgets what was read: something was written. */
  invalidate(): void {
    this.snapshot = undefined;
    this.stack = undefined;
    this.calls = undefined;
  }

  registers(): Promise<Registers> {
    if (this.target.running) return this.readRegisters();
    this.snapshot ??= this.readRegisters();
    return this.snapshot;
  }

  private async readRegisters(): Promise<Registers> {
    const registers = await this.target.readRegisters(this.vcpu);
    this.codeBase = registers.segments[1].base;
    return registers;
  }

  /** Linear address of the next instruction. */
  async programCounter(): Promise<number> {
    const registers = await this.registers();
    return (registers.segments[1].base + registers.eip) >>> 0;
  }

  readMemory(address: number, length: number): Promise<Uint8Array> {
    return this.target.readMemory(linear(address), length);
  }

  /**
   * The call stack as the source has it: with the functions that were inlined, but for those that are still
   * ahead. Frame ids count these.
   */
  async callFrames(): Promise<CallFrame[]> {
    return (await this.allCallFrames()).slice(this.ahead);
  }

  allCallFrames(): Promise<CallFrame[]> {
    if (this.target.running) return callFrames(this);
    this.calls ??= callFrames(this);
    return this.calls;
  }

  /** Inlined calls in front of the innermost frame that is shown. */
  get callsAhead(): number {
    return this.ahead;
  }

  /** Inlined calls whose first instruction is next are still ahead, and the caller of them is shown. */
  async standBeforeInlined(): Promise<void> {
    const calls = await this.allCallFrames();
    const entered = calls.findIndex(({ own }) => own?.scope.isAtStart !== true);
    this.ahead = Math.max(entered, 0);
  }

  /** As a step in goes: into the outermost of them. */
  enterInlined(): void {
    this.ahead--;
  }

  /** The call stack as the stack has it, innermost frame first. */
  frames(): Promise<Frame[]> {
    if (this.target.running) return this.unwindNow();
    this.stack ??= this.unwindNow();
    return this.stack;
  }

  private async unwindNow(): Promise<Frame[]> {
    return unwind(await this.registers(), {
      readMemory: (address, length) => this.readMemory(address, length),
      functionStart: (address) => this.functionStart(address),
      frameRow: (address) => {
        const linked = this.linked(address);
        for (const image of this.images) {
          const row = image.frameRow?.(linked);
          if (row !== undefined) return row;
        }
        return undefined;
      },
    });
  }

  /**
   * Symbols are linked to offsets in CS. Where its base is not 0 (real mode; kernels that map themselves with
   * segments) an address that no symbol covers is looked for as such an offset.
   */
  linked(address: number): number {
    if (this.codeBase === 0 || this.images.some((image) => image.lookup(address) !== undefined)) return address;
    const offset = (address - this.codeBase) >>> 0;
    return this.images.some((image) => image.lookup(offset) !== undefined) ? offset : address;
  }

  symbolAt(address: number): { name: string; offset: number } | undefined {
    const linked = this.linked(address);
    for (const image of this.images) {
      const symbol = image.lookup(linked);
      if (symbol !== undefined) return symbol;
    }
    return undefined;
  }

  functionStart(address: number): number | undefined {
    const symbol = this.symbolAt(address);
    return symbol === undefined ? undefined : (address - symbol.offset) >>> 0;
  }

  findSymbol(name: string): SymbolMeaning | undefined {
    for (const image of this.images) {
      const symbol = image.find(name);
      if (symbol !== undefined) return symbol;
    }
    return undefined;
  }

  locate(address: number): SourceRow | undefined {
    const linked = this.linked(address);
    const moved = address - linked;
    for (const image of this.images) {
      const row = image.locate(linked);
      if (row !== undefined) return moved === 0 ? row : { ...row, start: row.start + moved, end: row.end + moved };
    }
    return undefined;
  }

  /** Where the body of the function at `entry` begins, behind its prologue. */
  bodyStart(entry: number): number {
    const linked = this.linked(entry);
    for (const image of this.images) {
      const start = image.bodyStart(linked);
      if (start !== linked) return start + (entry - linked);
    }
    return entry;
  }

  /** Where breakpoints on a function go, in whichever symbol file it is; empty for a name that is not known. */
  functionBreakAddresses(name: string): readonly number[] {
    return [...new Set(this.images.flatMap((image) => image.functionBreakAddresses(name)))];
  }

  /** Frame 0 sees the machine; an outer frame its own EIP and registers, as far as they are known. */
  async registersIn(frameIndex: number): Promise<Registers> {
    const registers = await this.registers();
    const frame = frameIndex > 0 ? (await this.callFrames())[frameIndex]?.frame : undefined;
    if (frame === undefined) return registers;
    const general = registers.general.map((value, i) => frame.registers[i] ?? value);
    return { ...registers, general, eip: (frame.pc - registers.segments[1].base) >>> 0 };
  }

  /** The program's names as the frame sees them. */
  async scopeIn(frameIndex: number): Promise<FrameScope> {
    const files = this.images.flatMap((image) => image.variables ?? []);
    if (files.length === 0) return new FrameScope(files);
    const frames = (await this.callFrames()).map((frame) => frame.own);
    const own = frames[frameIndex];
    const around =
      own && frames.slice(frameIndex + 1).find((one) => one !== undefined && encloses(one.scope, own.scope));
    return new FrameScope(files, own, around && new FrameScope(files, around));
  }

  /** What names mean at a point of code, for expressions that are compiled before anything stops there. */
  namesAt(point: Point | undefined): {
    readonly isLocal: (name: string) => boolean;
    readonly type: (name: string) => Type | undefined;
    readonly symbol: (name: string) => SymbolMeaning | undefined;
  } {
    const files = this.images.flatMap((image) => image.variables ?? []);
    const at = point?.kind === 'code' ? this.linked(point.address.offset) : undefined;
    const locals = new Set<string>();
    for (const file of at === undefined ? [] : files)
      for (const scope of file.scopesAt(at ?? 0))
        for (const one of [...file.localsOf(scope), ...file.argumentsOf(scope)]) locals.add(one.name);
    const names = new FrameScope(files);
    return {
      isLocal: (name) => locals.has(name),
      type: (name) => names.type(name),
      symbol: (name) => {
        const found = this.findSymbol(name);
        const type = found?.code === false ? names.typeOf(name) : undefined;
        return found && { ...found, type };
      },
    };
  }

  async evaluateContext(frameIndex = 0, extra?: ReadonlyMap<string, bigint>): Promise<EvaluateContext> {
    return {
      registers: await this.registersIn(frameIndex),
      symbol: (name) => this.findSymbol(name),
      readMemory: (address, length) => this.readMemory(address, length),
      extra,
      scope: await this.scopeIn(frameIndex),
    };
  }
}
