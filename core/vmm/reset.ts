/** The processor after RESET (SDM vol. 3, table 9-1), as far as it is not in `VirtualCpu.reset`. */
import { REAL_MODE_ACCESS } from '../isa/descriptors.ts';
import { CS, EDX } from '../isa/registers.ts';
import {
  CTX_FPU,
  FPU_CONTROL,
  FPU_DATA_OFFSET,
  FPU_DATA_SELECTOR,
  FPU_EMPTY,
  FPU_INSTRUCTION_OFFSET,
  FPU_INSTRUCTION_SELECTOR,
  FPU_OPCODE,
  FPU_STATUS,
  FPU_TOP,
} from '../memory/layout.ts';
import { type Monitor, setFpuMode } from './monitor.ts';
import { CPU_SIGNATURE } from './virtual-cpu.ts';

const FPU_WORDS = [
  FPU_STATUS,
  FPU_TOP,
  FPU_EMPTY,
  FPU_OPCODE,
  FPU_INSTRUCTION_OFFSET,
  FPU_INSTRUCTION_SELECTOR,
  FPU_DATA_OFFSET,
  FPU_DATA_SELECTOR,
];

export function resetProcessor(monitor: Monitor): void {
  const { context, cpu, space } = monitor;
  cpu.reset();
  monitor.breakpoints.update();
  for (let register = 0; register < 8; register++) context.setRegister(register, 0);
  context.setRegister(EDX, CPU_SIGNATURE);
  context.eip = 0xfff0;
  context.eflags = 2;
  for (let segment = 0; segment < 6; segment++) {
    context.setSegment(segment, { selector: 0, base: 0, limit: 0xffff, access: REAL_MODE_ACCESS });
  }
  context.setSegment(CS, { selector: 0xf000, base: 0xffff0000, limit: 0xffff, access: REAL_MODE_ACCESS });
  for (let at = CTX_FPU; at < FPU_CONTROL; at += 4) context.setWord(at, 0);
  for (const at of FPU_WORDS) context.setWord(at, 0);
  context.setWord(FPU_CONTROL, 0x40);
  setFpuMode(context, cpu.cr0);
  context.setPrivilege(false);
  space.switchSpace(context);
}
