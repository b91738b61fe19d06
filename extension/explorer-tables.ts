/** Descriptor tables and the task state segment, for the scope Machine. Tables are read a shown part at a time. */
import {
  type Descriptor,
  decodeDescriptor,
  decodeGate,
  descriptorText,
  EXCEPTION_NAMES,
  hex,
  hex0x,
  linear,
  type Registers,
} from '../core/index.ts';
import type { Debuggee } from './debuggee.ts';
import { type ExplorerTree, fact, field, type Node, type Range, type Variable } from './explorer-tree.ts';
import { RequestError } from './protocol-error.ts';
import { TSS16_FIELDS, TSS32_FIELDS, type TssField } from './tss-fields.ts';

const CR0_PE = 1;
const MAX_VECTORS = 256;
const SEGMENT_PRESENT = 0x8000;
const TSS_IS_32 = 0x800;

interface Table {
  readonly base: number;
  readonly count: number;
  readonly entryBytes: number;
}

export function tableVariables(debuggee: Debuggee, tree: ExplorerTree, registers: Registers): Variable[] {
  const { gdtr, idtr, ldtr, tr } = registers;
  const isReal = (registers.cr0 & CR0_PE) === 0;
  const branch = (name: string, value: string, base: number, table: Table, node: Node): Variable =>
    fact(name, value, {
      variablesReference: tree.open(name, node),
      indexedVariables: table.count,
      memoryReference: hex0x(base),
    });
  const at = (base: number, limit: number) => `${hex0x(base)}, limit ${hex0x(limit, 4)}`;
  return [
    branch('GDT', at(gdtr.base, gdtr.limit), gdtr.base, gdtOf(registers), descriptors('GDT', gdtOf, debuggee, tree)),
    ldtr.access & SEGMENT_PRESENT
      ? branch('LDT', at(ldtr.base, ldtr.limit), ldtr.base, ldtOf(registers), descriptors('LDT', ldtOf, debuggee, tree))
      : fact('LDT', 'none'),
    branch(
      'IDT',
      at(idtr.base, idtr.limit) + (isReal ? ', real-mode vectors' : ''),
      idtr.base,
      idtOf(registers),
      vectors(debuggee, tree),
    ),
    tr.access & SEGMENT_PRESENT
      ? fact('TSS', `${hex0x(tr.base)}, ${tr.access & TSS_IS_32 ? 32 : 16} bits`, {
          variablesReference: tree.open('TSS', taskState(debuggee)),
          memoryReference: hex0x(tr.base),
        })
      : fact('TSS', 'none'),
  ];
}

function gdtOf({ gdtr }: Registers): Table {
  return { base: gdtr.base, count: (gdtr.limit + 1) >>> 3, entryBytes: 8 };
}

/** A local table can have 8192 entries, whatever the limit in its descriptor says. */
function ldtOf({ ldtr }: Registers): Table {
  return { base: ldtr.base, count: Math.min((ldtr.limit + 1) / 8, 8192) >>> 0, entryBytes: 8 };
}

/** In real mode four bytes an entry, offset and segment (SDM vol. 3, 20.1.4). */
function idtOf({ idtr, cr0 }: Registers): Table {
  const entryBytes = cr0 & CR0_PE ? 8 : 4;
  return { base: idtr.base, count: Math.min(Math.floor((idtr.limit + 1) / entryBytes), MAX_VECTORS), entryBytes };
}

/** The shown entries; those that cannot be read are undefined. */
async function entries(
  debuggee: Debuggee,
  { base, count, entryBytes }: Table,
  range: Range,
): Promise<{ index: number; words: readonly number[] | undefined }[]> {
  const last = Math.min(count, range.start + range.count);
  const wanted = Math.max(last - range.start, 0);
  const bytes =
    wanted === 0
      ? new Uint8Array(0)
      : await debuggee.readMemory((base + range.start * entryBytes) >>> 0, wanted * entryBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: wanted }, (_, i) => {
    const at = i * entryBytes;
    const there = at + entryBytes <= bytes.length;
    const words = Array.from({ length: entryBytes / 4 }, (_word, n) => (there ? view.getUint32(at + n * 4, true) : 0));
    return { index: range.start + i, words: there ? words : undefined };
  });
}

const UNREADABLE = 'cannot be read';

function descriptors(table: string, where: (r: Registers) => Table, debuggee: Debuggee, tree: ExplorerTree): Node {
  return {
    list: async (range) => {
      const rows = await entries(debuggee, where(await debuggee.registers()), range);
      return rows.map(({ index, words }) => {
        const name = hex(index * 8 + (table === 'LDT' ? 4 : 0), 4);
        if (words === undefined) return fact(name, UNREADABLE);
        const found = decodeDescriptor(words[0], words[1]);
        return found === undefined ? fact(name, 'null') : describe(`${table} ${name}`, name, found, debuggee, tree);
      });
    },
  };
}

function vectors(debuggee: Debuggee, tree: ExplorerTree): Node {
  return {
    list: async (range) => {
      const rows = await entries(debuggee, idtOf(await debuggee.registers()), range);
      return rows.map(({ index, words }) => {
        const name = `${hex(index, 2)} ${EXCEPTION_NAMES[index] ?? ''}`.trim();
        if (words === undefined) return fact(name, UNREADABLE);
        if (words.length === 1) return realVector(name, words[0], debuggee);
        const gate = decodeGate(words[0], words[1]);
        return gate === undefined ? fact(name, 'null') : describe(`IDT ${name}`, name, gate, debuggee, tree);
      });
    },
  };
}

function realVector(name: string, word: number, debuggee: Debuggee): Variable {
  const target = (word >>> 16) * 16 + (word & 0xffff);
  return fact(name, `${hex(word >>> 16, 4)}:${hex(word & 0xffff, 4)}${symbolSuffix(target, debuggee)}`, {
    memoryReference: hex0x(target),
  });
}

/** An entry with its fields as children; a gate names the code it leads to. */
function describe(key: string, name: string, found: Descriptor, debuggee: Debuggee, tree: ExplorerTree): Variable {
  const isGate = found.kind === 'gate';
  const target = isGate ? found.offset : found.base;
  const symbol = isGate ? symbolSuffix(target, debuggee) : '';
  const children = [
    fact('type', found.type),
    ...(isGate
      ? [
          fact('selector', hex0x(found.selector, 4)),
          fact('offset', hex0x(found.offset) + symbol, { memoryReference: hex0x(found.offset) }),
        ]
      : [
          fact('base', hex0x(found.base), { memoryReference: hex0x(found.base) }),
          fact('limit', hex0x(found.limit)),
          fact('attributes', found.attributes),
        ]),
    fact('dpl', String(found.dpl)),
    fact('present', String(found.present)),
  ];
  return fact(name, isGate ? descriptorText(found) + symbol : segmentText(found), {
    type: found.type,
    variablesReference: tree.open(key, { list: async () => children }),
    memoryReference: hex0x(target),
  });
}

/** As `descriptorText` has it, with what it is first: lists of variables are narrow. */
function segmentText({
  type,
  attributes,
  dpl,
  base,
  limit,
  present,
}: Extract<Descriptor, { kind: 'segment' }>): string {
  const flags = `${attributes === '' ? '' : ` [${attributes}]`}${present ? '' : ' not present'}`;
  return `${type}${flags} DPL=${dpl} base=${hex(base)} limit=${hex(limit)}`;
}

export function symbolSuffix(address: number, debuggee: Debuggee): string {
  const symbol = debuggee.symbolAt(address >>> 0);
  if (symbol === undefined) return '';
  return ` <${symbol.name}${symbol.offset === 0 ? '' : `+${symbol.offset}`}>`;
}

function taskState(debuggee: Debuggee): Node {
  const layout = (registers: Registers): readonly TssField[] =>
    (registers.tr.access & TSS_IS_32 ? TSS32_FIELDS : TSS16_FIELDS).filter(
      ({ offset, size }) => offset + size - 1 <= registers.tr.limit,
    );
  return {
    list: async () => {
      const registers = await debuggee.registers();
      const bytes = await debuggee.readMemory(registers.tr.base, 104);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      return layout(registers).map(({ name, offset, size }) => {
        const memoryReference = hex0x(registers.tr.base + offset);
        if (offset + size > bytes.length) return fact(name, UNREADABLE, { memoryReference });
        const value = size === 4 ? view.getUint32(offset, true) : view.getUint16(offset, true);
        return field(name, hex0x(value, size * 2) + (name === 'eip' ? symbolSuffix(value, debuggee) : ''), {
          memoryReference,
        });
      });
    },
    set: async (name, value) => {
      const registers = await debuggee.registers();
      const found = layout(registers).find((one) => one.name === name);
      if (found === undefined) throw new RequestError(`the TSS has no ${name}`);
      const bytes = Uint8Array.from({ length: found.size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
      const written = await debuggee.target.writeMemory(linear(registers.tr.base + found.offset), bytes);
      if (written < found.size) throw new RequestError(`${name} cannot be written: its memory is not mapped`);
    },
  };
}
