/**
 * The information a multiboot 2 kernel finds at EBX: a list of tags behind a total size. Multiboot 2
 * specification, 3.6. Every tag is type, size, content, and padding to 8 bytes.
 */
import { nulTerminated } from '../util/bytes.ts';
import { HIGH_MEMORY_START, LOW_MEMORY_END } from './boot-plan.ts';
import { memoryRanges } from './memory-map.ts';
import { LOADER_NAME, type MultibootFacts } from './multiboot-info.ts';

const TAG_END = 0;
const TAG_COMMAND_LINE = 1;
const TAG_LOADER_NAME = 2;
const TAG_MODULE = 3;
const TAG_BASIC_MEMORY = 4;
const TAG_MEMORY_MAP = 6;
const TAG_FRAMEBUFFER = 8;
const TAG_ELF_SECTIONS = 9;
const MAP_ENTRY = 24;
const EGA_TEXT = 2;

/** Kinds of information that are given; ELF sections only when the image has some. */
export const GIVEN_TAGS: ReadonlySet<number> = new Set([
  TAG_COMMAND_LINE,
  TAG_LOADER_NAME,
  TAG_MODULE,
  TAG_BASIC_MEMORY,
  TAG_MEMORY_MAP,
  TAG_FRAMEBUFFER,
  TAG_ELF_SECTIONS,
]);

export function buildMultiboot2Info(facts: MultibootFacts): Uint8Array {
  const tags = [
    tag(TAG_COMMAND_LINE, nulTerminated(facts.commandLine)),
    tag(TAG_LOADER_NAME, nulTerminated(LOADER_NAME)),
    ...facts.modules.map(({ start, end, name }) => tag(TAG_MODULE, words(start, end), nulTerminated(name))),
    tag(TAG_BASIC_MEMORY, words(LOW_MEMORY_END / 1024, Math.max(0, facts.memoryBytes - HIGH_MEMORY_START) / 1024)),
    tag(TAG_MEMORY_MAP, words(MAP_ENTRY, 0), memoryMap(facts.memoryBytes)),
    tag(TAG_FRAMEBUFFER, textFramebuffer()),
  ];
  const { sections } = facts;
  if (sections !== undefined)
    tags.push(tag(TAG_ELF_SECTIONS, words(sections.count, sections.entrySize, sections.names), sections.table));
  tags.push(tag(TAG_END));
  const size = tags.reduce((sum, { length }) => sum + length, 8);
  return join(words(size, 0), ...tags);
}

function tag(type: number, ...content: readonly Uint8Array[]): Uint8Array {
  const size = content.reduce((sum, { length }) => sum + length, 8);
  const padded = new Uint8Array((size + 7) & ~7);
  padded.set(join(words(type, size), ...content));
  return padded;
}

function memoryMap(memoryBytes: number): Uint8Array {
  return join(...memoryRanges(memoryBytes).map(({ start, end, type }) => words(start, 0, end - start, 0, type, 0)));
}

/** The 80x25 text screen: address, bytes a line, columns, rows, bits a cell, kind, reserved. */
function textFramebuffer(): Uint8Array {
  return join(words(0xb8000, 0, 160, 80, 25), Uint8Array.of(16, EGA_TEXT, 0, 0));
}

function words(...values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => view.setUint32(4 * i, value >>> 0, true));
  return new Uint8Array(view.buffer);
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
