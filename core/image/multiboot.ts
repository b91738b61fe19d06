/**
 * Multiboot 1: image, modules and tables placed as GRUB does, entry as the specification's "machine state"
 * says (EAX = 2BADB002h, EBX = information structure, flat protected mode, paging and interrupts off).
 * Specification 0.6.96, 3.2 and 3.3.
 */
import type { BootPlan, LoadOptions } from './boot-plan.ts';
import { BOOT_STACK, CODE_SELECTOR, DATA_SELECTOR, FLAT_GDT, findRoom } from './boot-plan.ts';
import { truncated } from './elf.ts';
import { checkDemands, type MultibootHeader } from './multiboot-header.ts';
import { buildMultibootInfo, type MultibootFacts } from './multiboot-info.ts';
import { loadByAddresses, loadByElf, placeModules, placeSections } from './multiboot-load.ts';

const LOADER_MAGIC = 0x2bad_b002;
const VIDEO_GRAPHICS = 0;

/** @throws UserError when the image is cut off, contradicts itself or does not fit */
export function loadMultiboot(image: Uint8Array, header: MultibootHeader, options: LoadOptions): BootPlan {
  if (header.cut) throw truncated('the multiboot header');
  checkDemands(header);
  const notes: string[] = [];
  const { addresses, offset } = header;
  const kernel =
    addresses !== undefined ? loadByAddresses(image, offset, addresses, options) : loadByElf(image, options);
  const segments = [...kernel.segments];
  const modules = placeModules(segments, options);
  const sections =
    kernel.elf === undefined ? undefined : placeSections(kernel.elf, segments, options.memoryBytes, notes);
  if (header.videoType === VIDEO_GRAPHICS)
    notes.push('the image asks for a graphics mode; it gets the 80x25 text screen');
  const facts: MultibootFacts = {
    commandLine: options.append === '' ? options.name : `${options.name} ${options.append}`,
    memoryBytes: options.memoryBytes,
    modules,
    sections,
    textFramebuffer: header.videoType !== undefined,
  };
  const size = buildMultibootInfo(facts, 0).block.length;
  const base = findRoom(segments, size, options.memoryBytes);
  const { block, infoOffset } = buildMultibootInfo(facts, base);
  segments.push({ physical: base, bytes: block, size });
  return {
    kind: 'multiboot',
    segments,
    entry: {
      mode: 'protected-flat',
      eip: kernel.entry,
      eax: LOADER_MAGIC,
      ebx: base + infoOffset,
      esp: BOOT_STACK,
      gdt: { base, limit: FLAT_GDT.length - 1 },
      codeSelector: CODE_SELECTOR,
      dataSelector: DATA_SELECTOR,
    },
    notes,
  };
}
