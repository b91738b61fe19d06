/**
 * The equivalence audit: every instruction that traps, in real mode, ring 0 and ring 3 (IOPL 0), against
 * what the architecture defines (SDM vol. 2, the exception lists of each instruction).
 */
import { describe, expect, it } from 'vitest';
import type { Instruction } from '../../../core/isa/instruction.ts';
import { EAX, ECX, EDX } from '../../../core/isa/registers.ts';
import { HANDLERS } from '../../../core/vmm/handlers.ts';
import { at, CpuRig, instruction } from './cpu-rig.ts';
import { CODE0, CODE3, DATA0, DATA3, LDT_SELECTOR, protectedMode, putDescriptor } from './descriptors.ts';

type Expected = 'ok' | 'halted' | number;
/** Mnemonic, operand fields, then what happens in real mode, ring 0 and ring 3. */
type Row = [string, Partial<Instruction>, Expected, Expected, Expected];

const UD = 6;
const GP = 13;
const MEMORY = at(0x6000);
const REGISTER = { rm: EAX };

const ROWS: Row[] = [
  // privileged
  ['mov_from_cr', { reg: 0 }, 'ok', 'ok', GP],
  ['mov_from_cr', { reg: 1 }, UD, UD, UD],
  ['mov_to_cr', { reg: 3, rm: 5 }, 'ok', 'ok', GP],
  ['mov_to_cr', { reg: 7, rm: 5 }, UD, UD, UD],
  ['mov_from_dr', { reg: 6 }, 'ok', 'ok', GP],
  ['mov_to_dr', { reg: 0 }, 'ok', 'ok', GP],
  ['lmsw', REGISTER, 'ok', 'ok', GP],
  ['clts', {}, 'ok', 'ok', GP],
  ['lgdt', MEMORY, 'ok', 'ok', GP],
  ['lgdt', REGISTER, UD, UD, UD],
  ['lidt', MEMORY, 'ok', 'ok', GP],
  ['lldt', { rm: 1 }, UD, 'ok', GP],
  ['ltr', { rm: 2 }, UD, 'ok', GP],
  ['hlt', {}, 'halted', 'halted', GP],
  ['invlpg', MEMORY, 'ok', 'ok', GP],
  ['invlpg', REGISTER, UD, UD, UD],
  ['invd', {}, 'ok', 'ok', GP],
  ['wbinvd', {}, 'ok', 'ok', GP],
  ['rdmsr', {}, 'ok', 'ok', GP],
  ['wrmsr', {}, 'ok', 'ok', GP],
  // IOPL-sensitive
  ['cli', {}, 'ok', 'ok', GP],
  ['sti', {}, 'ok', 'ok', GP],
  ['in', { opcode: 0xec }, 'ok', 'ok', GP],
  ['out', { opcode: 0xee }, 'ok', 'ok', GP],
  ['ins', { opcode: 0x6c }, 'ok', 'ok', GP],
  ['outs', { opcode: 0x6e }, 'ok', 'ok', GP],
  // sensitive, unprivileged: these tell a guest about its host wherever they do not trap
  ['sgdt', MEMORY, 'ok', 'ok', 'ok'],
  ['sidt', MEMORY, 'ok', 'ok', 'ok'],
  ['sidt', REGISTER, UD, UD, UD],
  ['sldt', REGISTER, UD, 'ok', 'ok'],
  ['str', REGISTER, UD, 'ok', 'ok'],
  ['smsw', REGISTER, 'ok', 'ok', 'ok'],
  ['pushf', {}, 'ok', 'ok', 'ok'],
  ['popf', {}, 'ok', 'ok', 'ok'],
  ['lar', { rm: 3 }, UD, 'ok', 'ok'],
  ['lsl', { rm: 3 }, UD, 'ok', 'ok'],
  ['verr', { rm: 3 }, UD, 'ok', 'ok'],
  ['verw', { rm: 3 }, UD, 'ok', 'ok'],
  ['arpl', { rm: 3 }, UD, 'ok', 'ok'],
  ['mov_from_seg', { reg: 1 }, 'ok', 'ok', 'ok'],
  ['mov_from_seg', { reg: 6 }, UD, UD, UD],
  ['mov_to_seg', { reg: 3, rm: 3 }, 'ok', 'ok', 'ok'],
  ['mov_to_seg', { reg: 3, rm: 7 }, 'ok', 'ok', GP],
  ['mov_to_seg', { reg: 1, rm: 3 }, UD, UD, UD],
  ['push_seg', { opcode: 0x0e }, 'ok', 'ok', 'ok'],
  ['pop_seg', { opcode: 0x1f }, 'ok', 'ok', 'ok'],
  ['les', at(0x6010), 'ok', 'ok', 'ok'],
  ['lds', at(0x6010), 'ok', 'ok', 'ok'],
  ['lss', at(0x6018), 'ok', GP, 'ok'],
  ['lfs', at(0x6010), 'ok', 'ok', 'ok'],
  ['lgs', at(0x6010), 'ok', 'ok', 'ok'],
  ['lgs', { rm: 1 }, UD, UD, UD],
  ['call_far', { immediate: 0x100, immediate2: CODE3 }, 'ok', GP, 'ok'],
  ['jmp_far', { immediate: 0x100, immediate2: CODE0 }, 'ok', 'ok', GP],
  ['ret_far', { opcode: 0xcb }, 'ok', GP, 'ok'],
  ['iret', {}, 'ok', GP, 'ok'],
  ['int', { immediate: 0x80 }, 'ok', GP, GP],
  ['int3', {}, 'ok', 'ok', GP],
  ['int1', {}, 'ok', 'ok', 'ok'],
  ['into', {}, 'ok', 'ok', 'ok'],
  ['cpuid', {}, 'ok', 'ok', 'ok'],
  ['rdtsc', {}, 'ok', 'ok', 'ok'],
  ['rdpmc', {}, GP, GP, GP],
  // never there
  ['rsm', {}, UD, UD, UD],
  ['ud2', {}, UD, UD, UD],
  ['undefined', {}, UD, UD, UD],
];

function prepare(mode: 'real mode' | 'ring 0' | 'ring 3'): CpuRig {
  const rig = new CpuRig();
  if (mode === 'real mode') {
    for (let vector = 0; vector < 32; vector++) rig.poke(vector * 4, 0xa000 + 16 * vector);
    rig.context.setSegment(1, { selector: 0, base: 0, limit: 0xffff, access: 0x9300 });
    rig.context.eip = 0x5000;
    rig.context.setRegister(4, 0x8000);
  } else {
    protectedMode(rig, mode === 'ring 0' ? 0 : 3);
    rig.cpu.idtr.limit = 0x1ff;
    putDescriptor(rig, 0x38, [0x30000067, 0x00008900]);
    rig.poke(0x3066, 0xffff, 2);
  }
  const { context } = rig;
  // For POPF, RET, IRET and POP: a ring 3 far address, then ring 3 flags.
  const stack = context.register(4) - 0x100;
  context.setRegister(4, stack);
  rig.poke(stack, mode === 'real mode' ? 0x100 : 0x6100);
  rig.poke(stack + 4, mode === 'real mode' ? 0x10 : CODE3);
  rig.poke(stack + 8, 2);
  rig.poke(0x6000, 0xff);
  rig.poke(0x6010, 0x1234);
  rig.poke(0x6014, DATA3);
  rig.poke(0x6018, 0x1234);
  rig.poke(0x601c, DATA3);
  context.setRegister(EAX, 1);
  context.setRegister(1, LDT_SELECTOR);
  context.setRegister(ECX, mode === 'real mode' ? 0x10 : context.register(ECX));
  context.setRegister(EDX, 0x38);
  context.setRegister(3, DATA3);
  context.setRegister(7, DATA0);
  return rig;
}

const MODES = ['real mode', 'ring 0', 'ring 3'] as const;

function outcome(rig: CpuRig, next: Instruction): Expected | string {
  const exit = rig.execute(next);
  if (exit.reason === 'halted' || rig.cpu.halted) return 'halted';
  if (exit.reason !== 'budget') return exit.reason;
  const { eip } = rig.context;
  // A fault retires nothing; the one step is then the first of its handler. INT n ends on the handler itself.
  if (eip > 0xa000 && eip < 0xa200 && (eip & 15) === 1) return (eip - 0xa001) / 16;
  return 'ok';
}

describe('the equivalence audit', () => {
  for (const [mnemonic, fields, ...expected] of ROWS) {
    MODES.forEach((mode, index) => {
      it(`${mnemonic} ${JSON.stringify(fields)} in ${mode}: ${expected[index]}`, () => {
        const rig = prepare(mode);
        if (mnemonic === 'rdmsr' || mnemonic === 'wrmsr') rig.context.setRegister(ECX, 0x10);
        if (mnemonic === 'pop_seg') rig.poke(rig.context.register(4), DATA3);
        expect(outcome(rig, instruction(mnemonic, fields))).toBe(expected[index]);
      });
    });
  }

  it('covers every instruction that the monitor emulates', () => {
    const covered = new Set(ROWS.map((row) => row[0]));
    expect([...HANDLERS.keys()].filter((mnemonic) => !covered.has(mnemonic))).toEqual([]);
  });

  it('refuses what is not built, by name, and leaves the state alone', () => {
    for (const mnemonic of ['sysenter', 'sysexit', 'fxsave']) {
      const rig = prepare('ring 0');
      const exit = rig.execute(instruction(mnemonic));
      expect(exit.reason).toBe('refused');
      expect(exit.message).toBe(`instruction ${mnemonic} is not built yet`);
      expect(rig.context.eip).toBe(0x5000);
      expect(rig.vmm.steps).toBe(0);
    }
  });
});
