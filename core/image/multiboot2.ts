/**
 * Multiboot 2 for i386: image, modules and tags placed as GRUB does, entry with EAX = 36D76289h and EBX = the
 * tags, in flat protected mode, paging and interrupts off. Multiboot 2 specification, 3.3.
 */
import { UserError } from '../util/errors.ts';
import {
  BOOT_STACK,
  type BootPlan,
  CODE_SELECTOR,
  DATA_SELECTOR,
  FLAT_GDT,
  findRoom,
  type LoadOptions,
} from './boot-plan.ts';
import { loadByAddresses, loadByElf, placeModules, placeSections } from './multiboot-load.ts';
import { parseMultiboot2Header } from './multiboot2-header.ts';
import { buildMultiboot2Info, GIVEN_TAGS } from './multiboot2-info.ts';

const LOADER_MAGIC = 0x36d7_6289;
/** The GDT lies before the tags, which begin on an 8-byte boundary. */
const INFO_OFFSET = 24;

/** @param offset where the header lies @throws UserError when the image is cut off, contradicts itself or does not fit */
export function loadMultiboot2(image: Uint8Array, offset: number, options: LoadOptions): BootPlan {
  const header = parseMultiboot2Header(image, offset);
  const missing = header.demanded.filter((type) => !GIVEN_TAGS.has(type));
  if (missing.length > 0) {
    throw new UserError(
      'multiboot-demand',
      `the multiboot 2 header demands information that this machine has none of (tag ${missing.join(', ')})`,
    );
  }
  const notes: string[] = [];
  const { addresses } = header;
  const kernel =
    addresses !== undefined ? loadByAddresses(image, offset, addresses, options) : loadByElf(image, options);
  const segments = [...kernel.segments];
  const modules = placeModules(segments, options);
  const sections =
    kernel.elf === undefined ? undefined : placeSections(kernel.elf, segments, options.memoryBytes, notes);
  if (header.graphics) notes.push('the image asks for a graphics mode; it gets the 80x25 text screen');
  const info = buildMultiboot2Info({
    commandLine: options.append,
    memoryBytes: options.memoryBytes,
    modules,
    sections,
    textFramebuffer: true,
  });
  const block = new Uint8Array(INFO_OFFSET + info.length);
  block.set(FLAT_GDT);
  block.set(info, INFO_OFFSET);
  const base = findRoom(segments, block.length, options.memoryBytes);
  segments.push({ physical: base, bytes: block, size: block.length });
  return {
    kind: 'multiboot2',
    segments,
    entry: {
      mode: 'protected-flat',
      eip: header.entry ?? kernel.entry,
      eax: LOADER_MAGIC,
      ebx: base + INFO_OFFSET,
      esp: BOOT_STACK,
      gdt: { base, limit: FLAT_GDT.length - 1 },
      codeSelector: CODE_SELECTOR,
      dataSelector: DATA_SELECTOR,
    },
    notes,
  };
}
