/** Control registers bit by bit, for the scope Machine (SDM vol. 3, 2.5). Every bit can be written. */
import type { Registers } from '../core/index.ts';
import type { Debuggee } from './debuggee.ts';
import { type ExplorerTree, fact, field, type Node, type Variable } from './explorer-tree.ts';
import { RequestError } from './protocol-error.ts';

type Bit = readonly [name: string, bit: number, meaning: string];

const CR0: readonly Bit[] = [
  ['PE', 0, 'protection enable'],
  ['MP', 1, 'monitor coprocessor'],
  ['EM', 2, 'x87 emulation'],
  ['TS', 3, 'task switched'],
  ['ET', 4, 'extension type'],
  ['NE', 5, 'numeric error'],
  ['WP', 16, 'write protect'],
  ['AM', 18, 'alignment mask'],
  ['NW', 29, 'not write-through'],
  ['CD', 30, 'cache disable'],
  ['PG', 31, 'paging'],
];
const CR3: readonly Bit[] = [
  ['PWT', 3, 'page-level write-through'],
  ['PCD', 4, 'page-level cache disable'],
];
const CR4: readonly Bit[] = [
  ['VME', 0, 'virtual-8086 mode extensions'],
  ['PVI', 1, 'protected-mode virtual interrupts'],
  ['TSD', 2, 'time stamp disable'],
  ['DE', 3, 'debugging extensions'],
  ['PSE', 4, 'page size extensions'],
  ['PAE', 5, 'physical address extension'],
  ['MCE', 6, 'machine-check enable'],
  ['PGE', 7, 'page global enable'],
  ['PCE', 8, 'performance counters for all'],
  ['OSFXSR', 9, 'FXSAVE and FXRSTOR'],
  ['OSXMMEXCPT', 10, 'SIMD floating-point exceptions'],
];
const ALL = { cr0: CR0, cr3: CR3, cr4: CR4 } as const;
type Name = keyof typeof ALL;

export function controlVariables(debuggee: Debuggee, tree: ExplorerTree, registers: Registers): Variable[] {
  return (Object.keys(ALL) as Name[]).map((name) => {
    const set = ALL[name].filter(([, bit]) => (registers[name] >>> bit) & 1).map(([bit]) => bit);
    return fact(name.toUpperCase(), set.join(' ') || '-', {
      variablesReference: tree.open(name, bits(name, debuggee)),
      evaluateName: `$${name}`,
    });
  });
}

function bits(name: Name, debuggee: Debuggee): Node {
  return {
    list: async () => {
      const value = (await debuggee.registers())[name];
      return ALL[name].map(([bit, at, meaning]) =>
        field(bit, String((value >>> at) & 1), { type: meaning, evaluateName: `($${name} >> ${at}) & 1` }),
      );
    },
    set: async (bitName, value) => {
      const bit = ALL[name].find(([one]) => one === bitName);
      if (bit === undefined) throw new RequestError(`${name} has no bit ${bitName}`);
      if (value !== 0n && value !== 1n) throw new RequestError(`${bitName} is 0 or 1`);
      const before = (await debuggee.registers())[name];
      const mask = 1 << bit[1];
      const after = (value === 1n ? before | mask : before & ~mask) >>> 0;
      const result = await debuggee.target.writeRegister(debuggee.vcpu, name, after);
      if (!result.ok) throw new RequestError(`${name} cannot be written: ${result.reason}`);
    },
  };
}
