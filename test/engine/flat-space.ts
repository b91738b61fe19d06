/**
 * The toy AddressSpace of engine tests, and its second implementation: identity translation over RAM, pages
 * that can be made absent, read-only, slow (as MMIO) or watched. No guest page tables, no monitor.
 */

import type { Fault } from '../../core/isa/exceptions.ts';
import { layoutFor } from '../../core/memory/layout.ts';
import { LinearMemory } from '../../core/memory/linear-memory.ts';
import {
  ACCESS_EXECUTE,
  ACCESS_WRITE,
  type Access,
  type AddressSpace,
  FILL_ALONE,
  FILL_FAULT,
  FILL_SLOW,
} from '../../core/vcpu/address-space.ts';
import { Context } from '../../core/vcpu/context.ts';
import { COLD_STEPS, DirectEngine } from '../../core/vcpu/direct-engine.ts';
import type { Engine } from '../../core/vcpu/engine.ts';
import { buildTier0 } from '../../core/vcpu/interpreter/build.ts';

const ALL = 0x3f;
const WRITES = 0xa;
const EXECS = 0x30;

export class FlatSpace implements AddressSpace {
  fault: Fault & { linear: number } = { vector: 14, errorCode: 0, linear: 0, cause: 'toy' };
  hasWatchHits = false;
  readonly absent = new Set<number>();
  readonly readOnly = new Set<number>();
  readonly slow = new Set<number>();
  readonly watched = new Set<number>();
  onWrite: (hostPage: number, offset: number, length: number) => void = () => {};
  private readonly code = new Set<number>();
  private blocked: ReadonlySet<number> = new Set();
  private readonly memory: LinearMemory;

  constructor(memory: LinearMemory) {
    this.memory = memory;
  }

  host(linear: number): number {
    return this.memory.layout.frames + linear;
  }

  protectCode(hostPage: number): void {
    this.code.add(hostPage);
    this.drop(((hostPage << 12) - this.memory.layout.frames) >>> 12);
  }

  releaseCode(hostPage: number): void {
    this.code.delete(hostPage);
  }

  setExecBlocked(pages: ReadonlySet<number>): void {
    this.blocked = pages;
    for (const page of pages) this.drop(page);
  }

  drop(page: number): void {
    this.memory.setWord(this.memory.layout.shadow + page * 4, 0);
  }

  dropAll(): void {
    this.memory.u8.fill(0, this.memory.layout.shadow, this.memory.layout.shadow + (1 << 22));
  }

  fill(_: Context, linear: number, __: number, access: Access, user: boolean, stepping: boolean): number {
    const page = linear >>> 12;
    const write = access === ACCESS_WRITE;
    const missing = this.absent.has(page) || page >= this.memory.layout.frameCount;
    if (missing || (write && this.readOnly.has(page))) {
      this.fault = {
        vector: 14,
        errorCode: (missing ? 0 : 1) | (write ? 2 : 0) | (user ? 4 : 0),
        linear,
        cause: 'toy',
      };
      return FILL_FAULT;
    }
    if (this.watched.has(page) && access !== ACCESS_EXECUTE) {
      if (!stepping) return FILL_ALONE;
      this.hasWatchHits = true;
      return FILL_SLOW;
    }
    if (this.slow.has(page)) return FILL_SLOW;
    const host = this.host(linear & ~0xfff);
    const isCode = this.code.has(host >>> 12);
    let allowed = ALL;
    if (isCode || this.readOnly.has(page)) allowed &= ~WRITES;
    const entry = (host - (linear & ~0xfff)) | 0;
    const stored = this.blocked.has(page) ? allowed & ~EXECS : allowed;
    this.memory.setWord(this.memory.layout.shadow + page * 4, entry | stored);
    if (write && isCode) return FILL_SLOW;
    return entry | allowed;
  }

  load(_: Context, linear: number, size: number, to: number): void {
    const host = this.host(linear);
    this.memory.u8.copyWithin(to, host, host + size);
  }

  store(_: Context, linear: number, size: number, from: number): void {
    const host = this.host(linear);
    this.memory.u8.copyWithin(host, from, from + size);
    for (let at = host; at < host + size; ) {
      const count = Math.min(host + size - at, 4096 - (at & 0xfff));
      this.onWrite(at >>> 12, at & 0xfff, count);
      at += count;
    }
  }
}

/** Spends an engine's cold steps, so that from now on large budgets run in the hot loop and enter translated blocks. */
function warmUp(engine: Engine, { memory, context, space }: ReturnType<typeof flatMachine>): void {
  // jmp $
  memory.u8.set([0xeb, 0xfe], space.host(0x3f000));
  context.eip = 0x3f000;
  engine.run(context, COLD_STEPS + 1);
}

/** A context in flat 32-bit protected mode at CPL 0, over `pages` pages of RAM. */
export function flatMachine(pages: number): { memory: LinearMemory; context: Context; space: FlatSpace } {
  const memory = new LinearMemory(layoutFor(pages, 1));
  const context = new Context(memory, 0);
  for (let segment = 0; segment < 6; segment++) {
    const access = segment === 1 ? 0xc09b00 : 0xc09300;
    context.setSegment(segment, { selector: segment === 1 ? 8 : 16, base: 0, limit: 0xffffffff, access });
  }
  context.setPrivilege(false);
  context.eflags = 2;
  context.shadow = memory.layout.shadow;
  return { memory, context, space: new FlatSpace(memory) };
}

const tier0 = new WebAssembly.Module(buildTier0() as BufferSource);

/** A flat machine with an engine that hears of writes to code, warm unless said otherwise. */
export function engineRig(
  tier: 0 | 1,
  warm = true,
  pages = 64,
): ReturnType<typeof flatMachine> & { engine: DirectEngine } {
  const machine = flatMachine(pages);
  const { memory, space } = machine;
  const engine = new DirectEngine(memory, space, tier0, { tier });
  space.onWrite = (page, offset, length) => engine.invalidate(page, offset, length);
  if (warm) warmUp(engine, machine);
  return { ...machine, engine };
}

/** The same with `code` at `at`, ready to run: EIP there, ESP 20000h. */
export function codeRig(
  code: readonly number[],
  at = 0x1000,
  warm = true,
  tier: 0 | 1 = 0,
): ReturnType<typeof engineRig> {
  const machine = engineRig(tier, warm);
  machine.memory.u8.set(code, machine.space.host(at));
  machine.context.eip = at;
  machine.context.setRegister(4, 0x20000);
  return machine;
}
