/** One engine runs any number of vCPU contexts of one memory, in turns. */
import { describe, expect, it } from 'vitest';
import { layoutFor } from '../../../core/memory/layout.ts';
import { LinearMemory } from '../../../core/memory/linear-memory.ts';
import { PhysicalMemory } from '../../../core/memory/physical-memory.ts';
import { Context } from '../../../core/vcpu/context.ts';
import { DirectEngine } from '../../../core/vcpu/direct-engine.ts';
import { EXIT_BUDGET } from '../../../core/vcpu/exit.ts';
import { buildTier0 } from '../../../core/vcpu/interpreter/build.ts';
import { NO_DEVICES } from '../../../core/vmm/memory-bus.ts';
import { ShadowPaging } from '../../../core/vmm/shadow-paging.ts';

const CS = 1;
const CODE = 0xc09b00;
const DATA = 0xc09300;
/** add %ecx, %eax; mov %eax, (%edi); jmp back */
const PROGRAM = [0x01, 0xc8, 0x89, 0x07, 0xeb, 0xfa];

describe('an array of vCPU contexts', () => {
  it('keeps registers apart and shares memory', () => {
    const memory = new LinearMemory(layoutFor(1024));
    const physical = new PhysicalMemory(memory, 4 << 20);
    const space = new ShadowPaging(memory, physical, NO_DEVICES, { cr0: 1, cr3: 0, cr4: 0, a20: true });
    const tier0 = new WebAssembly.Module(buildTier0() as BufferSource);
    const engine = new DirectEngine(memory, space, tier0, { tier: 0 });
    physical.onWrite((page, offset, length) => engine.invalidate(page, offset, length));
    physical.write('loader', 0x1000, Uint8Array.from(PROGRAM));

    const contexts = [0, 1, 2].map((index) => {
      const context = new Context(memory, index);
      for (let segment = 0; segment < 6; segment++) {
        context.setSegment(segment, { selector: 8, base: 0, limit: 0xffffffff, access: segment === CS ? CODE : DATA });
      }
      context.setPrivilege(false);
      context.eflags = 2;
      context.eip = 0x1000;
      context.setRegister(1, 10 ** index);
      context.setRegister(7, 0x8000 + 4 * index);
      space.switchSpace(context);
      return context;
    });
    // Three steps a turn of the program: unequal quanta leave each context somewhere else in it.
    for (let turn = 0; turn < 300; turn++) {
      contexts.forEach((context, index) => {
        expect(engine.run(context, index + 1)).toMatchObject({ reason: EXIT_BUDGET, steps: index + 1 });
      });
    }
    expect(contexts.map((context) => context.register(0))).toEqual([100, 2000, 30000]);
    expect([0x8000, 0x8004, 0x8008].map((at) => physical.word(at))).toEqual([100, 2000, 30000]);
  });
});
