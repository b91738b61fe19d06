/** The launch configuration: what may stand in launch.json, checked. Its names are those of the command line. */
import { type DriveName, notSupportedYet, UserError } from '../core/index.ts';
import { asObject, type Json, optionalText } from './arguments.ts';
import type { SourceMap } from './sources.ts';

export interface SymbolFile {
  readonly file: string;
  readonly offset: number;
}

export interface DiskFile {
  readonly drive: DriveName;
  readonly path: string;
}

export interface LaunchConfiguration {
  /** Empty when only disks are given. */
  readonly program: string;
  /** What is booted; the program itself unless a kernel or a disk says what boots. */
  readonly boots?: string;
  readonly disks: readonly DiskFile[];
  readonly boot?: 'a' | 'c';
  readonly append: string;
  readonly modules: readonly string[];
  readonly memory: number;
  readonly vga: 'std' | 'none';
  readonly symbols: readonly SymbolFile[];
  readonly sourceMap: SourceMap;
  readonly stopOnEntry: boolean;
  /** "Run without debugging": nothing stops the guest but the user. */
  readonly noDebug: boolean;
  /** `console`; a terminal that takes input too; or a file that also receives COM1. */
  readonly serial: { readonly kind: 'console' | 'terminal' } | { readonly kind: 'file'; readonly path: string };
  /** Where to open a GDB stub as well. */
  readonly gdb?: string;
  readonly onReset: 'stop' | 'reboot';
  /** 0: no limit. */
  readonly maxInstructions: number;
}

export interface AttachConfiguration {
  readonly target: string;
  readonly program?: string;
  readonly symbols: readonly SymbolFile[];
  readonly sourceMap: SourceMap;
  /** False: let a waiting machine go on at once. */
  readonly stopOnEntry: boolean;
}

const MIN_MEMORY = 1;
const MAX_MEMORY = 2048;
const NOT_YET = ['initrd', 'bios', 'cdrom', 'cpu'];
const DRIVES = ['fda', 'hda', 'hdb'] as const;

/** @throws UserError */
export function launchConfiguration(args: Json): LaunchConfiguration {
  for (const name of NOT_YET) if (textOption(args, name) !== undefined) throw notSupportedYet(name);
  if (args.smp !== undefined && args.smp !== 1) throw notSupportedYet(`smp ${JSON.stringify(args.smp)}`);
  const net = textOption(args, 'net');
  if (net !== undefined && net !== 'none') throw notSupportedYet(`net ${net}`);
  const program = textOption(args, 'program');
  const disks = diskFiles(args);
  const boots = textOption(args, 'kernel') ?? (disks.some(({ drive }) => drive !== 'hdb') ? undefined : program);
  if (boots === undefined && disks.length === 0)
    throw new UserError('no-program', 'the launch configuration names no program', 'set "program" to a kernel image');
  const noDebug = args.noDebug === true;
  return {
    program: program ?? boots ?? '',
    boots,
    disks,
    boot: bootDrive(textOption(args, 'boot')),
    append: textOption(args, 'append') ?? '',
    modules: option(args, 'modules', 'a list of strings', isTexts) ?? [],
    memory: bounded('memory', args.memory, 128, MIN_MEMORY, MAX_MEMORY),
    vga: oneOf('vga', args.vga, ['std', 'none']),
    symbols: symbolFiles(args),
    sourceMap: option(args, 'sourceMap', '{ "from": "to" }', isSourceMap) ?? {},
    stopOnEntry: !noDebug && (option(args, 'stopOnEntry', TRUTH, isTruth) ?? false),
    noDebug,
    serial: serial(textOption(args, 'serial') ?? 'console'),
    gdb: typeof args.gdb === 'number' ? String(args.gdb) : textOption(args, 'gdb'),
    onReset: oneOf('onReset', args.onReset, ['stop', 'reboot']),
    maxInstructions: bounded('maxInstructions', args.maxInstructions, 0, 0, Number.MAX_SAFE_INTEGER),
  };
}

/** @throws UserError */
export function attachConfiguration(args: Json): AttachConfiguration {
  return {
    target: textOption(args, 'target') ?? '',
    program: textOption(args, 'program'),
    symbols: symbolFiles(args),
    sourceMap: option(args, 'sourceMap', '{ "from": "to" }', isSourceMap) ?? {},
    stopOnEntry: option(args, 'stopOnEntry', TRUTH, isTruth) ?? true,
  };
}

const TRUTH = 'true or false';
const isText = (value: unknown): value is string => typeof value === 'string';
const isTruth = (value: unknown): value is boolean => typeof value === 'boolean';
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
const isList = (value: unknown): value is unknown[] => Array.isArray(value);
const isSourceMap = (value: unknown): value is SourceMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isText);

/** Undefined when it is not there. */
function option<T>(args: Json, name: string, kind: string, is: (value: unknown) => value is T): T | undefined {
  const value = args[name];
  if (value === undefined || value === null) return undefined;
  if (!is(value)) throw new UserError('bad-configuration', `"${name}" is ${JSON.stringify(value)}`, kind);
  return value;
}

/** Empty is as good as not there. */
function textOption(args: Json, name: string): string | undefined {
  const value = option(args, name, 'a string', isText);
  return value?.trim() === '' ? undefined : value;
}

function bounded(name: string, value: unknown, otherwise: number, low: number, high: number): number {
  if (value === undefined) return otherwise;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) {
    throw new UserError(
      'bad-configuration',
      `"${name}" is ${JSON.stringify(value)}`,
      `a whole number from ${low} to ${high}`,
    );
  }
  return value;
}

function oneOf<T extends string>(name: string, value: unknown, choices: readonly [T, ...T[]]): T {
  if (value === undefined || value === '') return choices[0];
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined)
    throw new UserError('bad-configuration', `"${name}" is ${JSON.stringify(value)}`, `one of ${choices.join(', ')}`);
  return choice;
}

function serial(value: string): LaunchConfiguration['serial'] {
  if (value === 'console') return { kind: 'console' };
  if (value.startsWith('file:') && value.length > 5) return { kind: 'file', path: value.slice(5) };
  if (value === 'terminal') return { kind: 'terminal' };
  throw new UserError('bad-configuration', `"serial" is ${JSON.stringify(value)}`, 'console, terminal or file:PATH');
}

function diskFiles(args: Json): DiskFile[] {
  return DRIVES.flatMap((drive) => {
    const path = textOption(args, drive);
    if (path?.endsWith(',write')) throw notSupportedYet(`${drive} with ,write in a launch configuration`);
    return path === undefined ? [] : [{ drive, path }];
  });
}

function bootDrive(value: string | undefined): 'a' | 'c' | undefined {
  if (value === undefined || value === 'a' || value === 'c') return value;
  if (value === 'd') throw notSupportedYet('boot d');
  throw new UserError('bad-configuration', `"boot" is ${JSON.stringify(value)}`, 'a, c or d');
}

function symbolFiles(args: Json): SymbolFile[] {
  return (option(args, 'symbols', 'a list of { "file": "boot.elf", "offset": 0 }', isList) ?? []).map((entry) => {
    const item = typeof entry === 'string' ? { file: entry } : asObject(entry);
    const file = optionalText(item.file);
    if (file === undefined)
      throw new UserError(
        'bad-configuration',
        'an entry of "symbols" names no file',
        '{ "file": "boot.elf", "offset": 0 }',
      );
    return { file, offset: offset(item.offset) };
  });
}

/** A number; or a string, because JSON has no hexadecimal numbers. */
function offset(value: unknown): number {
  if (value === undefined) return 0;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw new UserError('bad-configuration', `"offset" is ${JSON.stringify(value)}`, 'a number, or "0x100000"');
}
