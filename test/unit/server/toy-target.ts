/**
 * A second implementation of `DebugTarget`, so that front ends are tested against the interface and not
 * against the one machine: 64 KiB of memory and a processor of seven instructions that share a few codes
 * with IA-32.
 *
 *   90 nop · EB rel8 jump · F4 halt · 40 inc eax · A2 addr16 value  store · A0 addr16  load into eax
 *   E6 power off · E7 status  exit · CC triple fault
 */
import { type AgentState, conditionHolds } from '../../../core/debug/agent-bytecode.ts';
import { shownRegister } from '../../../core/debug/register-view.ts';
import type {
  Address,
  DebugTarget,
  ImageInfo,
  PcMode,
  Point,
  Registers,
  Resume,
  SegmentValue,
  Stop,
  TargetEvent,
  WriteResult,
} from '../../../core/debug/target.ts';

const SIZE = 0x10000;
const SLICE = 500;

type Outcome = Omit<Stop, 'vcpu' | 'step'> | undefined;

export class ToyTarget implements DebugTarget {
  readonly vcpus = 1;
  readonly memory = new Uint8Array(SIZE);
  readonly image: ImageInfo | undefined;
  readonly points = new Map<number, Point>();
  lastStop: Stop = { vcpu: 0, step: 0, reason: 'entry', points: [] };
  running = false;
  controller: string | undefined;
  codeBits: 16 | 32 = 32;
  codeBase = 0;
  general = [0, 0, 0, 0, 0x8000, 0, 0, 0];
  eip = 0x100;
  eflags = 2;
  cr3 = 0;
  readonly st = Array.from({ length: 8 }, () => new Uint8Array(10));
  #steps = 0;
  #halted = false;
  #interrupted = false;
  #nextId = 1;
  #wake: (() => void) | undefined;
  #over: Outcome;
  readonly #listeners = new Set<(event: TargetEvent) => void>();

  constructor(program: readonly number[] = [0x90, 0xeb, 0xfd], image?: ImageInfo) {
    this.memory.set(program, this.eip);
    this.image = image;
  }

  claim(client: string): (() => void) | undefined {
    if (this.controller !== undefined) return undefined;
    this.controller = client;
    this.#interrupted = false;
    return () => {
      if (this.controller === client) this.controller = undefined;
    };
  }

  async readRegisters(): Promise<Registers> {
    return this.#registers();
  }

  async writeRegister(_vcpu: number, name: string, value: number | Uint8Array): Promise<WriteResult> {
    const general = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'].indexOf(name);
    if (value instanceof Uint8Array) this.st[Number(name.slice(2))].set(value);
    else if (general >= 0) this.general[general] = value;
    else if (name === 'eip') this.eip = value;
    else if (name === 'eflags') this.eflags = value;
    else if (name === 'cr3') this.cr3 = value;
    else return { ok: false, reason: `the toy has no ${name}` };
    return { ok: true };
  }

  async readMemory({ offset }: Address, length: number): Promise<Uint8Array> {
    return this.memory.slice(offset, Math.max(offset, offset + length));
  }

  async writeMemory({ offset }: Address, bytes: Uint8Array): Promise<number> {
    const room = Math.max(0, Math.min(bytes.length, SIZE - offset));
    if (room > 0) this.memory.set(bytes.subarray(0, room), offset);
    return room;
  }

  async addPoint(point: Point): Promise<number | undefined> {
    if (point.kind !== 'code' && point.kind !== 'data') return undefined;
    this.points.set(this.#nextId, point);
    return this.#nextId++;
  }

  async removePoint(id: number): Promise<boolean> {
    return this.points.delete(id);
  }

  async resume(how: Resume): Promise<Stop> {
    if (this.running) throw new Error('internal error: already running');
    this.running = true;
    this.#emit({ kind: 'resumed' });
    const outcome = this.#over ?? (await this.#run(how));
    this.running = false;
    this.lastStop = { vcpu: 0, step: this.#steps, ...outcome };
    this.#emit({ kind: 'stopped', stop: this.lastStop });
    return this.lastStop;
  }

  interrupt(): void {
    this.#interrupted = true;
    this.#wake?.();
  }

  async reset(): Promise<void> {
    this.eip = 0x100;
    this.#halted = false;
    this.#over = undefined;
    this.lastStop = { vcpu: 0, step: this.#steps, reason: 'entry', points: [] };
  }

  async sendSerial(): Promise<void> {}

  subscribe(listener: (event: TargetEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async monitor(command: string): Promise<string | undefined> {
    if (command === 'help') return 'help -- this text\n';
    return command === 'long' ? 'x'.repeat(200_000) : undefined;
  }

  #emit(event: TargetEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  async #run(how: Resume): Promise<NonNullable<Outcome>> {
    let left = how.kind === 'step' ? (how.count ?? 1) : Number.POSITIVE_INFINITY;
    for (let first = true; ; first = false) {
      if (this.#interrupted) {
        this.#interrupted = false;
        return { reason: 'interrupted', points: [] };
      }
      if (this.#halted) {
        if (how.kind === 'step') return { reason: 'step', points: [] };
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const breaks = first ? [] : this.#hits((point) => point.kind === 'code' && point.address.offset === this.#linear);
      if (breaks.length > 0) return { reason: 'breakpoint', points: breaks };
      const outcome = this.#execute();
      if (outcome !== undefined) return outcome;
      if (--left === 0) return { reason: 'step', points: [] };
      if (how.kind === 'range' && (this.eip < how.start || this.eip >= how.end)) return { reason: 'step', points: [] };
      if (this.#steps % SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  get #linear(): number {
    return this.codeBase + this.eip;
  }

  #execute(): Outcome {
    const at = this.#linear;
    const [op, low, high, value] = this.memory.subarray(at, at + 4);
    const address = low | (high << 8);
    this.#steps++;
    switch (op) {
      case 0xeb:
        this.eip = (this.eip + 2 + ((low << 24) >> 24)) & 0xffff;
        return undefined;
      case 0xf4:
        this.#halted = true;
        this.eip++;
        return undefined;
      case 0x40:
        this.general[0] = (this.general[0] + 1) >>> 0;
        this.eip++;
        return undefined;
      case 0xa2:
        this.memory[address] = value;
        this.eip += 4;
        return this.#watch(address, 'write');
      case 0xa0:
        this.general[0] = this.memory[address];
        this.eip += 3;
        return this.#watch(address, 'read');
      case 0xe6:
        this.#over = { reason: 'poweroff', points: [] };
        return this.#over;
      case 0xe7:
        this.#over = { reason: 'exit', points: [], status: low };
        return this.#over;
      case 0xcc: {
        const exceptions = [13, 8].map((vector) => ({
          vector,
          errorCode: 0,
          cs: 8,
          eip: this.eip,
          cpl: 0,
          step: this.#steps,
          cause: 'IDT gate not present',
        }));
        this.#over = { reason: 'triple-fault', points: [], exceptions };
        return this.#over;
      }
      default:
        this.eip = (this.eip + 1) & 0xffff;
        return undefined;
    }
  }

  #watch(address: number, kind: 'read' | 'write'): Outcome {
    const points = this.#hits(
      (point) =>
        point.kind === 'data' &&
        (point.access === 'access' || point.access === kind) &&
        address >= point.address.offset &&
        address < point.address.offset + point.length,
    );
    if (points.length === 0) return undefined;
    const access = { address: { space: 'linear', offset: address } as const, size: 1, kind };
    return { reason: 'watchpoint', points, access };
  }

  #hits(matches: (point: Point) => boolean): number[] {
    const state = (mode: PcMode): AgentState => ({
      register: (number) => {
        const value = shownRegister(this.#registers(), number, mode);
        return typeof value === 'number' ? BigInt(value) : undefined;
      },
      memory: (address, length) => this.memory.subarray(address, address + length),
    });
    const hits = [...this.points].filter(([, point]) => matches(point));
    return hits
      .filter(([, { condition, pcMode }]) => !condition || conditionHolds(condition, state(pcMode ?? 'offset')))
      .map(([id]) => id);
  }

  #registers(): Registers {
    const flat: SegmentValue = { selector: 0x10, base: this.codeBase, limit: 0xffff, access: 0x9300 };
    const table = { base: 0, limit: 0xffff };
    return {
      general: [...this.general],
      eip: this.eip,
      eflags: this.eflags,
      segments: [flat, { ...flat, selector: 8 }, flat, flat, flat, flat],
      ldtr: flat,
      tr: flat,
      gdtr: table,
      idtr: table,
      cr0: 1,
      cr2: 0,
      cr3: this.cr3,
      cr4: 0,
      dr: [0, 0, 0, 0, 0, 0, 0xffff0ff0, 0x400],
      fpu: {
        control: 0x37f,
        status: 0,
        tag: 0xffff,
        instructionSelector: 0,
        instructionOffset: 0,
        dataSelector: 0,
        dataOffset: 0,
        opcode: 0,
        st: this.st,
      },
      cpl: 0,
      codeBits: this.codeBits,
      steps: this.#steps,
      halted: this.#halted,
    };
  }
}
