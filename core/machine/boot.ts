/**
 * Power-on: the firmware's ROM, devices as firmware leaves them, and then either the firmware's own entry or a
 * boot plan: memory as firmware leaves it, image bytes over that, entry state into the boot processor.
 */
import type { VirtualClock } from '../bus/virtual-clock.ts';
import type { BootPlan } from '../image/boot-plan.ts';
import { CS, EAX, EBX, ESP, SEGMENT_NAMES } from '../isa/registers.ts';
import type { PhysicalMemory } from '../memory/physical-memory.ts';
import type { SegmentCache } from '../vcpu/context.ts';
import type { Board } from './board.ts';
import type { BuiltInFirmware } from './built-in-firmware.ts';
import type { MachineConfig } from './config.ts';
import type { Vcpu } from './vcpu.ts';

/** Type, S, P, D/B and G of a flat segment: execute/read code and read/write data, both accessed. */
const FLAT_CODE = 0xc09b00;
const FLAT_DATA = 0xc09300;
const CR0_PE_ET = 0x11;
const SECONDS_A_DAY = 86_400;

export interface PoweredParts {
  readonly physical: PhysicalMemory;
  readonly board: Board;
  readonly vcpus: readonly Vcpu[];
  readonly clock: VirtualClock;
  readonly config: MachineConfig;
}

/** All parts were just reset. Without a plan and firmware the processor stays at its reset vector. */
export function powerOn(
  plan: BootPlan | undefined,
  firmware: BuiltInFirmware | undefined,
  { physical, board, vcpus, clock, config }: PoweredParts,
): void {
  firmware?.install();
  if (plan !== undefined || firmware !== undefined) board.handOver();
  if (plan === undefined) {
    firmware?.enter();
    return;
  }
  firmware?.installData((config.wallClock + Math.floor(clock.now() / clock.hz)) % SECONDS_A_DAY);
  loadSegments(plan, physical);
  enterPlan(plan, vcpus[0]);
}

/** Memory is zero where the plan says nothing: the caller cleared it. */
function loadSegments(plan: BootPlan, physical: PhysicalMemory): void {
  for (const { physical: address, bytes } of plan.segments) physical.write('loader', address, bytes);
  // A later segment may cover the zero tail of an earlier one, never the other way round: so only bytes are copied.
}

/** @param vcpu just reset */
function enterPlan(plan: BootPlan, { context, cpu, vmm }: Vcpu): void {
  const { entry } = plan;
  vmm.monitor.setCr0(CR0_PE_ET);
  Object.assign(cpu.gdtr, entry.gdt);
  Object.assign(cpu.idtr, { base: 0, limit: 0 });
  SEGMENT_NAMES.forEach((_, index) => {
    context.setSegment(index, flat(index === CS ? entry.codeSelector : entry.dataSelector, index === CS));
  });
  context.setRegister(EAX, entry.eax);
  context.setRegister(EBX, entry.ebx);
  context.setRegister(ESP, entry.esp);
  context.eip = entry.eip;
  context.eflags = 2;
}

function flat(selector: number, code: boolean): SegmentCache {
  return { selector, base: 0, limit: 0xffffffff, access: code ? FLAT_CODE : FLAT_DATA };
}
