/** MOV to and from CR0–CR4 and DR0–DR7, LMSW, SMSW, CLTS (SDM vol. 3, 2.5 and 17.2). */
import { DB, GP, UD } from '../isa/exceptions.ts';
import type { Instruction } from '../isa/instruction.ts';
import type { Monitor } from './monitor.ts';
import { effectiveAddress, readWordOperand, setOperandRegister, writeData } from './operands.ts';
import { DONE, FAULT, type Outcome } from './outcome.ts';
import { requireRing0 } from './privileged.ts';
import {
  CR0_AM,
  CR0_CD,
  CR0_EM,
  CR0_ET,
  CR0_MP,
  CR0_NE,
  CR0_NW,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  CR0_WP,
  CR4_DE,
  CR4_PAE,
  CR4_PCE,
  CR4_PSE,
  CR4_PVI,
  CR4_TSD,
  CR4_VME,
  DR6_BD,
  DR7_GD,
} from './virtual-cpu.ts';

const CR0_WRITABLE = CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG;
const CR4_WRITABLE = CR4_TSD | CR4_DE | CR4_PSE | CR4_PCE;
/** Bits that later features define; a guest that sets one without CPUID's word is told so. */
const CR4_UNBUILT: readonly (readonly [number, string])[] = [
  [CR4_VME, 'virtual-8086 mode extensions (CR4.VME)'],
  [CR4_PVI, 'protected-mode virtual interrupts (CR4.PVI)'],
  [CR4_PAE, 'physical address extension (CR4.PAE)'],
  [1 << 6, 'machine checks (CR4.MCE)'],
  [1 << 7, 'global pages (CR4.PGE)'],
  [1 << 9, 'FXSAVE and SSE (CR4.OSFXSR)'],
  [1 << 10, 'SSE exceptions (CR4.OSXMMEXCPT)'],
];

export function moveFromControl(monitor: Monitor, instruction: Instruction): Outcome {
  const { cpu, context } = monitor;
  const { reg } = instruction;
  if (reg !== 0 && reg !== 2 && reg !== 3 && reg !== 4) return monitor.raise(UD, 0, `CR${reg} does not exist`);
  if (requireRing0(monitor, 'MOV from CR') !== DONE) return FAULT;
  context.setRegister(instruction.rm, reg === 0 ? cpu.cr0 : reg === 2 ? cpu.cr2 : reg === 3 ? cpu.cr3 : cpu.cr4);
  return DONE;
}

export function moveToControl(monitor: Monitor, instruction: Instruction): Outcome {
  const { cpu, context } = monitor;
  const { reg } = instruction;
  if (reg !== 0 && reg !== 2 && reg !== 3 && reg !== 4) return monitor.raise(UD, 0, `CR${reg} does not exist`);
  if (requireRing0(monitor, 'MOV to CR') !== DONE) return FAULT;
  const value = context.register(instruction.rm);
  switch (reg) {
    case 0:
      return writeCr0(monitor, value);
    case 2:
      cpu.cr2 = value;
      return DONE;
    case 3:
      // Without PAE only PWT and PCD are defined below the base; the rest is kept as written.
      monitor.setCr3(value);
      return DONE;
    default:
      return writeCr4(monitor, value);
  }
}

/** MOV to CR0 with its checks. */
export function writeCr0(monitor: Monitor, value: number): Outcome {
  if (value & CR0_PG && !(value & CR0_PE)) return monitor.raise(GP, 0, 'CR0.PG set without CR0.PE');
  if (value & CR0_NW && !(value & CR0_CD)) return monitor.raise(GP, 0, 'CR0.NW set without CR0.CD');
  monitor.setCr0((value & CR0_WRITABLE) | CR0_ET);
  return DONE;
}

/** MOV to CR4 with its checks. */
export function writeCr4(monitor: Monitor, value: number): Outcome {
  for (const [bit, name] of CR4_UNBUILT) if (value & bit) return monitor.refuse(name);
  if (value & ~CR4_WRITABLE) return monitor.raise(GP, 0, 'reserved bit of CR4');
  monitor.setCr4(value);
  return DONE;
}

export function loadMachineStatus(monitor: Monitor, instruction: Instruction): Outcome {
  if (requireRing0(monitor, 'LMSW') !== DONE) return FAULT;
  const value = readWordOperand(monitor, instruction);
  if (value === undefined) return FAULT;
  const { cr0 } = monitor.cpu;
  // LMSW can set PE but never clear it.
  const low = CR0_MP | CR0_EM | CR0_TS;
  monitor.setCr0((cr0 & ~low) | (value & (low | CR0_PE)));
  return DONE;
}

export function storeMachineStatus(monitor: Monitor, instruction: Instruction): Outcome {
  const { cr0 } = monitor.cpu;
  if (instruction.memory)
    return writeData(monitor, instruction.segment, effectiveAddress(monitor, instruction), 2, cr0 & 0xffff);
  setOperandRegister(monitor, instruction.rm, instruction.operandSize, cr0);
  return DONE;
}

export function clearTaskSwitched(monitor: Monitor): Outcome {
  if (requireRing0(monitor, 'CLTS') !== DONE) return FAULT;
  monitor.setCr0(monitor.cpu.cr0 & ~CR0_TS);
  return DONE;
}

/** Checks common to both directions; DR4 and DR5 are DR6 and DR7 unless CR4.DE. */
function checkDebugAccess(monitor: Monitor, reg: number): Outcome {
  const { cpu } = monitor;
  if ((reg === 4 || reg === 5) && cpu.cr4 & CR4_DE) return monitor.raise(UD, 0, `DR${reg} with CR4.DE`);
  if (requireRing0(monitor, 'MOV DR') !== DONE) return FAULT;
  if (cpu.dr[7] & DR7_GD) {
    monitor.raise(DB, 0, 'access to a debug register with DR7.GD');
    monitor.faultDebug = DR6_BD;
    return FAULT;
  }
  return DONE;
}

export function moveFromDebug(monitor: Monitor, instruction: Instruction): Outcome {
  if (checkDebugAccess(monitor, instruction.reg) !== DONE) return FAULT;
  const reg = instruction.reg === 4 || instruction.reg === 5 ? instruction.reg + 2 : instruction.reg;
  monitor.context.setRegister(instruction.rm, monitor.cpu.dr[reg]);
  return DONE;
}

export function moveToDebug(monitor: Monitor, instruction: Instruction): Outcome {
  if (checkDebugAccess(monitor, instruction.reg) !== DONE) return FAULT;
  return writeDebug(monitor, instruction.reg, monitor.context.register(instruction.rm));
}

/** Stores a debug register; reserved bits keep their fixed values (SDM vol. 3, figure 17-1). */
export function writeDebug(monitor: Monitor, register: number, value: number): Outcome {
  const { dr } = monitor.cpu;
  const target = register === 4 || register === 5 ? register + 2 : register;
  if (target === 6) {
    dr[6] = (value & 0xe00f) | 0xffff0ff0;
    return DONE;
  }
  dr[target] = target === 7 ? (value & 0xffff2bff) | 0x400 : value;
  monitor.breakpoints.update();
  return DONE;
}
