/**
 * `monitor …`: the machine's own view of itself as text. Where QEMU's monitor has the command the text has
 * its form, because scripts and gdb extensions read it; gdt, idt and stats are ours.
 */
import type { DebuggedMachine } from './debugged-machine.ts';
import { readMachineRegisters } from './machine-registers.ts';
import { dumpMemory, parseAddress, parseDump } from './monitor-memory.ts';
import { pagesText, registersText } from './monitor-registers.ts';
import { gdtText, idtText } from './monitor-tables.ts';
import { pagePathText, walkNow } from './page-path.ts';

interface MonitorCommand {
  readonly name: string;
  readonly help: string;
  run(machine: DebuggedMachine, argument: string): string;
}

const COMMANDS: readonly MonitorCommand[] = [
  { name: 'help', help: 'this text', run: helpText },
  { name: 'stats', help: 'what trapped, how often', run: statisticsText },
  {
    name: 'info registers',
    help: 'all registers of the CPU',
    run: (machine) => registersText(registersOf(machine), machine.vcpus[0].cpu.a20),
  },
  {
    name: 'info mem',
    help: 'mapped ranges of the current address space',
    run: (machine) => pagesText(registersOf(machine), machine.physical),
  },
  {
    name: 'info gdt',
    help: 'descriptors of the GDT',
    run: (machine) => gdtText(registersOf(machine), readLinear(machine)),
  },
  { name: 'info idt', help: 'gates of the IDT', run: (machine) => idtText(registersOf(machine), readLinear(machine)) },
  {
    name: 'info walk',
    help: 'ADDRESS: the page-table entries that map a linear address',
    run: walkText,
  },
  {
    name: 'xp',
    help: '/FMT ADDRESS: physical memory; FMT is a count, a form (x o d u c) and a size (b h w)',
    run: (machine, argument) => dump(machine, argument, 'physical'),
  },
  { name: 'x', help: '/FMT ADDRESS: linear memory', run: (machine, argument) => dump(machine, argument, 'linear') },
];

/** The answer to one command, ending in a newline; undefined when there is no such command. */
export function monitorCommand(text: string, machine: DebuggedMachine): string | undefined {
  const words = text.trim().replace(/\s+/g, ' ');
  const found = COMMANDS.find(({ name }) => {
    if (!words.startsWith(name)) return false;
    const next = words.charAt(name.length);
    return next === '' || next === ' ' || next === '/';
  });
  if (words === '') return helpText();
  return found?.run(machine, words.slice(found.name.length));
}

function helpText(): string {
  return COMMANDS.map(({ name, help }) => `${name}${help.startsWith('/') ? help : ` -- ${help}`}\n`).join('');
}

function registersOf(machine: DebuggedMachine) {
  return readMachineRegisters(machine.vcpus[0], machine.steps);
}

function readLinear(machine: DebuggedMachine) {
  return (address: number, length: number) => machine.vcpus[0].space.readLinear(address, length);
}

function walkText(machine: DebuggedMachine, argument: string): string {
  const registers = registersOf(machine);
  const linear = parseAddress(argument.trim(), registers);
  if (linear === undefined) return `not an address: '${argument.trim()}'\n`;
  return pagePathText(walkNow(registers, linear, (at, length) => machine.physical.read(at, length)));
}

function dump(machine: DebuggedMachine, argument: string, space: 'linear' | 'physical'): string {
  const request = parseDump(argument, registersOf(machine));
  if (typeof request === 'string') return `${request}\n`;
  const read =
    space === 'linear'
      ? readLinear(machine)
      : (address: number, length: number) => machine.physical.read(address, length);
  return dumpMemory(request, read, space === 'linear' ? 8 : 16);
}

function statisticsText(machine: DebuggedMachine): string {
  const rows = machine.trapRows();
  const width = Math.max(4, ...rows.map(({ name }) => name.length));
  const lines = rows.map(
    (row) => `${row.name.padEnd(width)}  ${row.class.padEnd(10)}  ${String(row.count).padStart(14)}`,
  );
  return `steps ${machine.steps}\n${'trap'.padEnd(width)}  ${'class'.padEnd(10)}  ${'count'.padStart(14)}\n${lines.map((line) => `${line}\n`).join('')}`;
}
