/**
 * The information structure a multiboot 1 kernel finds at EBX, and what it points to, as one block of bytes.
 * Multiboot specification 0.6.96, 3.3.
 *
 *   +0 flags  +4 mem_lower  +8 mem_upper (KiB)  +16 cmdline  +20 mods_count  +24 mods_addr
 *   +28 ELF: num size addr shndx  +44 mmap_length  +48 mmap_addr  +64 boot_loader_name  +88.. framebuffer
 */
import { nulTerminated } from '../util/bytes.ts';
import { FLAT_GDT, HIGH_MEMORY_START, LOW_MEMORY_END } from './boot-plan.ts';
import { memoryRanges } from './memory-map.ts';
import type { SectionTable } from './multiboot-load.ts';

const INFO_SIZE = 120;
const INFO_MEMORY = 1 << 0;
const INFO_COMMAND_LINE = 1 << 2;
const INFO_MODULES = 1 << 3;
const INFO_ELF_SECTIONS = 1 << 5;
const INFO_MEMORY_MAP = 1 << 6;
const INFO_LOADER_NAME = 1 << 9;
const INFO_FRAMEBUFFER = 1 << 12;
export const LOADER_NAME = 'Trapgate';

export interface MultibootFacts {
  readonly commandLine: string;
  readonly memoryBytes: number;
  readonly modules: readonly { readonly start: number; readonly end: number; readonly name: string }[];
  readonly sections?: SectionTable;
  /** Describe the 80x25 text screen as the framebuffer. */
  readonly textFramebuffer: boolean;
}

/** The block for physical address `base`: the flat GDT first, then the structure at `infoOffset`. */
export function buildMultibootInfo(facts: MultibootFacts, base: number): { block: Uint8Array; infoOffset: number } {
  const parts = new Parts(base);
  parts.add(FLAT_GDT);
  const infoOffset = parts.reserve(INFO_SIZE);
  const info = new DataView(new ArrayBuffer(INFO_SIZE));
  const put = (offset: number, value: number) => info.setUint32(offset, value, true);
  let flags = INFO_MEMORY | INFO_COMMAND_LINE | INFO_MODULES | INFO_MEMORY_MAP | INFO_LOADER_NAME;
  put(4, LOW_MEMORY_END / 1024);
  put(8, Math.max(0, facts.memoryBytes - HIGH_MEMORY_START) / 1024);
  put(16, parts.add(nulTerminated(facts.commandLine)));
  put(20, facts.modules.length);
  put(24, parts.add(moduleList(facts, parts)));
  if (facts.sections !== undefined) {
    flags |= INFO_ELF_SECTIONS;
    put(28, facts.sections.count);
    put(32, facts.sections.entrySize);
    put(36, parts.add(facts.sections.table));
    put(40, facts.sections.names);
  }
  const map = memoryMap(facts.memoryBytes);
  put(44, map.length);
  put(48, parts.add(map));
  put(64, parts.add(nulTerminated(LOADER_NAME)));
  if (facts.textFramebuffer) {
    flags |= INFO_FRAMEBUFFER;
    put(88, 0xb8000);
    put(96, 160); // bytes a line
    put(100, 80);
    put(104, 25);
    info.setUint8(108, 16); // bits a cell
    info.setUint8(109, 2); // EGA text
  }
  put(0, flags);
  return { block: parts.join(infoOffset, new Uint8Array(info.buffer)), infoOffset };
}

/** Entries of mod_start, mod_end, string, reserved. */
function moduleList(facts: MultibootFacts, parts: Parts): Uint8Array {
  const list = new DataView(new ArrayBuffer(16 * facts.modules.length));
  facts.modules.forEach((module, i) => {
    list.setUint32(16 * i, module.start, true);
    list.setUint32(16 * i + 4, module.end, true);
    list.setUint32(16 * i + 8, parts.add(nulTerminated(module.name)), true);
  });
  return new Uint8Array(list.buffer);
}

/** Entries of size (20: it does not count itself), base, length, type; those of the PC, in ascending order. */
function memoryMap(memoryBytes: number): Uint8Array {
  const ranges = memoryRanges(memoryBytes);
  const view = new DataView(new ArrayBuffer(24 * ranges.length));
  ranges.forEach(({ start, end, type }, i) => {
    view.setUint32(24 * i, 20, true);
    view.setUint32(24 * i + 4, start, true);
    view.setUint32(24 * i + 12, end - start, true);
    view.setUint32(24 * i + 20, type, true);
  });
  return new Uint8Array(view.buffer);
}

/** Pieces laid out one after the other on 8-byte boundaries, known by their physical addresses. */
class Parts {
  private readonly base: number;
  private readonly pieces: { offset: number; bytes: Uint8Array }[] = [];
  private size = 0;

  constructor(base: number) {
    this.base = base;
  }

  reserve(length: number): number {
    const offset = this.size;
    this.size = (offset + length + 7) & ~7;
    return offset;
  }

  add(bytes: Uint8Array): number {
    const offset = this.reserve(bytes.length);
    this.pieces.push({ offset, bytes });
    return this.base + offset;
  }

  join(reserved: number, bytes: Uint8Array): Uint8Array {
    const block = new Uint8Array(this.size);
    block.set(bytes, reserved);
    for (const piece of this.pieces) block.set(piece.bytes, piece.offset);
    return block;
  }
}
