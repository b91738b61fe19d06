/**
 * An ELF executable without a boot header: the machine itself is the loader. Segments go to their physical
 * addresses and execution starts at the entry in flat 32-bit protected mode, with a small stack and nothing
 * in the registers. For kernels, unit-test images and code from a first tutorial.
 */
import type { BootPlan, LoadOptions } from './boot-plan.ts';
import { BOOT_STACK, CODE_SELECTOR, DATA_SELECTOR, FLAT_GDT, findRoom } from './boot-plan.ts';
import type { ElfFile } from './elf.ts';
import { loadElfSegments, physicalEntry } from './elf-load.ts';

/** @throws UserError when the file cannot be booted as it is or does not fit */
export function loadFlatElf(elf: ElfFile, options: LoadOptions): BootPlan {
  const segments = loadElfSegments(elf, options.memoryBytes);
  const base = findRoom(segments, FLAT_GDT.length, options.memoryBytes);
  segments.push({ physical: base, bytes: FLAT_GDT, size: FLAT_GDT.length });
  const notes: string[] = [];
  if (options.append !== '') notes.push('the image has no multiboot header: its command line is not passed');
  if (options.modules.length > 0) notes.push('the image has no multiboot header: its modules are not passed');
  return {
    kind: 'flat-elf',
    segments,
    entry: {
      mode: 'protected-flat',
      eip: physicalEntry(elf),
      eax: 0,
      ebx: 0,
      esp: BOOT_STACK,
      gdt: { base, limit: FLAT_GDT.length - 1 },
      codeSelector: CODE_SELECTOR,
      dataSelector: DATA_SELECTOR,
    },
    notes,
  };
}
