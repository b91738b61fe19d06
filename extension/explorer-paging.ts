/** Page walks and the page directory, for the scope Machine and for `walk ADDRESS`. */
import { entryText, hex0x, type PagePath, pagePath, pagePathResult, type Registers, word } from '../core/index.ts';
import type { Debuggee } from './debuggee.ts';
import { type ExplorerTree, fact, type Node, type Range, type Variable } from './explorer-tree.ts';

const CR0_PG = 0x80000000;
const CR4_PSE = 1 << 4;
const CR4_PAE = 1 << 5;
const PRESENT = 1;
const LARGE = 0x80;
const ENTRIES = 1024;

/** The way through the tables of the current address space. */
export async function walkPages(debuggee: Debuggee, linear: number): Promise<PagePath> {
  const walk = pagePath(await debuggee.registers(), linear);
  for (let next = walk.next(); ; ) {
    if (next.done) return next.value;
    next = walk.next(word(await debuggee.target.readMemory({ space: 'physical', offset: next.value }, 4)));
  }
}

/** A walk as a variable: what came out, and the entries below it. */
export async function walkVariable(
  name: string,
  linear: number,
  debuggee: Debuggee,
  tree: ExplorerTree,
): Promise<Variable> {
  const path = await walkPages(debuggee, linear);
  const key = `walk ${name}`;
  return fact(name, pagePathResult(path), {
    variablesReference: path.entries.length > 0 ? tree.open(key, { list: async () => steps(path) }) : 0,
    memoryReference: path.physical === undefined ? undefined : physical(path.physical),
  });
}

function steps({ entries }: PagePath): Variable[] {
  return entries.map((entry) =>
    fact(`${entry.level} ${entry.index}`, entryText(entry), {
      type: `at ${physical(entry.at)}`,
      memoryReference: physical(entry.at),
    }),
  );
}

/** Where EIP, ESP and CR2 lead, and the whole directory. */
export function pagingNode(debuggee: Debuggee, tree: ExplorerTree): Node {
  return {
    list: async () => {
      const registers = await debuggee.registers();
      const walks = await Promise.all(
        interesting(registers).map(([name, linear]) => walkVariable(name, linear, debuggee, tree)),
      );
      return [...walks, directoryVariable(registers, debuggee, tree)];
    },
  };
}

function interesting(registers: Registers): [string, number][] {
  return [
    ['EIP', registers.segments[1].base + registers.eip],
    ['ESP', registers.segments[2].base + registers.general[4]],
    ['CR2', registers.cr2],
  ];
}

function directoryVariable(registers: Registers, debuggee: Debuggee, tree: ExplorerTree): Variable {
  if (!(registers.cr0 & CR0_PG)) return fact('directory', 'paging is off');
  if (registers.cr4 & CR4_PAE) return fact('directory', 'PAE is not supported yet');
  const base = (registers.cr3 & 0xfffff000) >>> 0;
  const node: Node = {
    list: async (range) => {
      // CR3 is read again: the node outlives the stop that made it.
      const now = await debuggee.registers();
      return listEntries('PDE', (now.cr3 & 0xfffff000) >>> 0, range, debuggee, (index, value) =>
        child(index, value, now, debuggee, tree),
      );
    },
  };
  return fact('directory', `1024 entries at ${physical(base)}`, {
    variablesReference: tree.open('directory', node),
    indexedVariables: ENTRIES,
    memoryReference: physical(base),
  });
}

/** What is below a directory entry: a page table, or nothing for an absent one and for a large page. */
function child(
  index: number,
  value: number,
  registers: Registers,
  debuggee: Debuggee,
  tree: ExplorerTree,
): Partial<Variable> {
  const isLarge = (value & LARGE) !== 0 && (registers.cr4 & CR4_PSE) !== 0;
  if (!(value & PRESENT) || isLarge) return {};
  const table = (value & 0xfffff000) >>> 0;
  const node: Node = {
    list: (range) => listEntries('PTE', table, range, debuggee, () => ({}), index),
  };
  return { variablesReference: tree.open(`table ${index}`, node), indexedVariables: ENTRIES };
}

async function listEntries(
  level: 'PDE' | 'PTE',
  base: number,
  range: Range,
  debuggee: Debuggee,
  below: (index: number, value: number) => Partial<Variable>,
  directoryIndex = 0,
): Promise<Variable[]> {
  const start = Math.min(range.start, ENTRIES);
  const count = Math.min(range.count, ENTRIES - start);
  const bytes = await debuggee.target.readMemory({ space: 'physical', offset: base + start * 4 }, count * 4);
  return Array.from({ length: count }, (_, i) => {
    const index = start + i;
    const value = word(bytes.subarray(i * 4, i * 4 + 4));
    const mapped = level === 'PDE' ? index << 22 : (directoryIndex << 22) | (index << 12);
    const more = value === undefined ? {} : below(index, value);
    return fact(`[${index}] ${hex0x(mapped)}`, value === 0 ? 'not present' : entryText({ level, value }), more);
  });
}

function physical(address: number): string {
  return `phys:${hex0x(address)}`;
}
