/**
 * The command line as data: every option of the contract is parsed here with commander and checked; what a
 * later version builds is refused by name. Nothing is opened or read here.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { notSupportedYet, UserError } from '../core/index.ts';
import { type DiskOption, diskOption } from './disk-files.ts';
import { type ListenAddress, parseListenAddress } from './listen-address.ts';

export type SerialSink =
  | { readonly kind: 'stdio' }
  | { readonly kind: 'null' }
  | { readonly kind: 'file'; readonly path: string };

export interface RunOptions {
  /** Path of what boots; absent when only disks are given. */
  readonly image?: string;
  readonly disks: readonly DiskOption[];
  /** The drive to boot from. */
  readonly boot?: 'a' | 'c';
  readonly append: string;
  /** Multiboot modules: path, then words handed to the kernel. */
  readonly modules: readonly string[];
  readonly memory: number;
  readonly tier: 0 | 1;
  readonly vga: 'std' | 'none';
  readonly gdb?: ListenAddress;
  readonly dap?: ListenAddress;
  /** Start stopped until a debugger lets it go. */
  readonly wait: boolean;
  readonly serial: SerialSink;
  readonly serialOut?: string;
  readonly debugconOut?: string;
  readonly screenOut?: string;
  readonly shot?: string;
  readonly ppmOut?: string;
  /** Host seconds. */
  readonly timeout?: number;
  readonly maxInstructions?: number;
  readonly scenario?: string;
  readonly onReset: 'stop' | 'reboot';
  readonly stats: boolean;
  readonly json: boolean;
}

export type CommandLine =
  | { readonly command: 'run'; readonly options: RunOptions }
  | { readonly command: 'dap'; readonly port?: number }
  /** Text asked for with --help or --version. */
  | { readonly command: 'text'; readonly text: string };

/** Options as commander hands them over, before the checks that need more than one. */
interface RawRun {
  kernel?: string;
  initrd?: string;
  append?: string;
  module: string[];
  bios?: string;
  fda?: string;
  hda?: string;
  hdb?: string;
  cdrom?: string;
  boot?: 'a' | 'c' | 'd';
  mem: number;
  smp: number;
  cpu?: string;
  vga: 'std' | 'none';
  net: string;
  tier: string;
  isaExit?: boolean;
  gdb?: ListenAddress;
  dap?: ListenAddress;
  wait?: boolean;
  serial: SerialSink;
  serialOut?: string;
  debugconOut?: string;
  screenOut?: string;
  shot?: string;
  ppmOut?: string;
  timeout?: number;
  maxInstructions?: number;
  scenario?: string;
  script?: string;
  onReset?: 'stop' | 'reboot';
  stats?: boolean;
  json?: boolean;
}

/**
 * @param args what follows the script name
 * @throws UserError for anything that cannot be done, one line and a hint
 */
export function parseCommandLine(args: readonly string[], version: string): CommandLine {
  let result: CommandLine | undefined;
  let text = '';
  const quiet = {
    writeOut: (part: string) => {
      text += part;
    },
    writeErr: () => undefined,
  };
  const program = new Command('trapgate')
    .description('A debugger-first IA-32 virtual machine monitor')
    .version(version, '--version', 'print the version')
    .configureOutput(quiet)
    .exitOverride();
  runCommand(program.command('run [image]').description('boot a guest').configureOutput(quiet).exitOverride()).action(
    (image: string | undefined, raw: RawRun) => {
      result = { command: 'run', options: checkRun(image, raw) };
    },
  );
  program
    .command('dap')
    .description('the debug adapter, on stdio or TCP')
    .configureOutput(quiet)
    .exitOverride()
    .option('--port <n>', 'listen on this TCP port of the loopback interface', integer(0, 65535))
    .action((raw: { port?: number }) => {
      result = { command: 'dap', port: raw.port };
    });
  try {
    if (args.length === 0)
      throw new UserError('usage', 'no command given', 'try: trapgate run IMAGE, or trapgate --help');
    program.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { command: 'text', text };
    throw new UserError('usage', oneLine(error.message), 'see trapgate run --help');
  }
  if (result === undefined) throw new UserError('usage', 'no command given', 'see trapgate --help');
  return result;
}

function runCommand(command: Command): Command {
  return command
    .option('--kernel <file>', 'image to boot, as IMAGE')
    .option('--initrd <file>', 'initial RAM disk')
    .option('--append <text>', 'kernel command line')
    .option(
      '--module <file>',
      'multiboot module; words after the path are handed to the kernel (repeatable)',
      collect,
      [],
    )
    .option('--bios <file>', 'firmware instead of the built-in one')
    .option('--fda <file>', 'first floppy disk; FILE,write keeps what the guest writes')
    .option('--hda <file>', 'first hard disk')
    .option('--hdb <file>', 'second hard disk')
    .option('--cdrom <file>', 'CD-ROM')
    .addOption(new Option('--boot <drive>', 'boot from floppy, disk or CD-ROM').choices(['a', 'c', 'd']))
    .option('--mem <mib>', 'RAM in MiB', integer(1, 2048), 128)
    .option('--smp <n>', 'virtual CPUs', integer(1, 255), 1)
    .option('--cpu <model>', 'CPU model')
    .addOption(new Option('--vga <kind>', 'display').choices(['std', 'none']).default('std'))
    .option('--net <kind>', 'network card', 'none')
    .addOption(
      new Option('--tier <n>', 'execution tier: 0 interprets, 1 also translates').choices(['0', '1']).default('0'),
    )
    .option('--isa-exit', 'port F4h ends the run with (value << 1) | 1 (always on)')
    .option('--gdb <address>', 'GDB stub on [HOST:]PORT or a unix socket; starts stopped', parseListenAddress)
    .option('--dap <address>', 'debug-adapter clients on [HOST:]PORT or a unix socket', parseListenAddress)
    .option('--wait', 'start stopped, until a debugger comes (the default with --gdb)')
    .option('--no-wait', 'with --gdb: start running')
    .option('--serial <sink>', 'COM1: stdio, null or file:F', serialSink, { kind: 'stdio' })
    .option('--serial-out <file>', 'copy of what COM1 sends')
    .option('--debugcon-out <file>', 'what port E9h receives')
    .option('--screen-out <file>', 'last text screen, a line a row')
    .option('--shot <file.png>', 'last picture, PNG')
    .option('--ppm-out <file>', 'last picture, PPM')
    .option('--timeout <seconds>', 'host seconds', seconds)
    .option('--max-instructions <n>', 'steps to run at most', integer(1, Number.MAX_SAFE_INTEGER))
    .option('--scenario <file>', 'steps to follow')
    .addOption(new Option('--script <file>', 'the same as --scenario').hideHelp())
    .addOption(new Option('--on-reset <what>', 'when the guest resets').choices(['stop', 'reboot']))
    .option('--stats', 'print what trapped and why')
    .option('--json', 'one JSON line at the end');
}

function checkRun(image: string | undefined, raw: RawRun): RunOptions {
  for (const name of ['initrd', 'bios', 'cdrom', 'cpu'] as const) {
    if (raw[name] !== undefined) throw notSupportedYet(`--${name}`);
  }
  if (raw.boot === 'd') throw notSupportedYet('--boot d');
  if (raw.smp !== 1) throw notSupportedYet(`--smp ${raw.smp}`);
  if (raw.net !== 'none') throw notSupportedYet(`--net ${raw.net}`);
  if (image !== undefined && raw.kernel !== undefined) {
    throw new UserError('usage', 'both IMAGE and --kernel are given', 'give one of them');
  }
  const boots = image ?? raw.kernel;
  const disks = (['fda', 'hda', 'hdb'] as const).flatMap((drive) => {
    const text = raw[drive];
    return text === undefined ? [] : [diskOption(drive, text)];
  });
  if (boots === undefined && disks.length === 0)
    throw new UserError('usage', 'nothing to boot', 'give an image: trapgate run kernel.elf');
  if (raw.scenario !== undefined && raw.script !== undefined) {
    throw new UserError('usage', 'both --scenario and --script are given', 'they are the same option');
  }
  const debugged = raw.gdb !== undefined || raw.dap !== undefined;
  return {
    image: boots,
    disks,
    boot: raw.boot,
    append: raw.append ?? '',
    modules: raw.module,
    memory: raw.mem,
    tier: raw.tier === '1' ? 1 : 0,
    vga: raw.vga,
    gdb: raw.gdb,
    dap: raw.dap,
    wait: debugged && (raw.wait ?? raw.gdb !== undefined),
    serial: raw.serial,
    serialOut: raw.serialOut,
    debugconOut: raw.debugconOut,
    screenOut: raw.screenOut,
    shot: raw.shot,
    ppmOut: raw.ppmOut,
    timeout: raw.timeout,
    maxInstructions: raw.maxInstructions,
    scenario: raw.scenario ?? raw.script,
    onReset: raw.onReset ?? (debugged ? 'stop' : 'reboot'),
    stats: raw.stats ?? false,
    json: raw.json ?? false,
  };
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

function integer(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high) {
      throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
    }
    return value;
  };
}

function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$|^\d+\.$/.test(text) || value <= 0 || value > 2_000_000) {
    throw new InvalidArgumentError('It must be a positive number of seconds.');
  }
  return value;
}

function serialSink(text: string): SerialSink {
  if (text === 'stdio' || text === 'null') return { kind: text };
  if (text.startsWith('file:') && text.length > 5) return { kind: 'file', path: text.slice(5) };
  throw new InvalidArgumentError('It must be stdio, null or file:F.');
}

function oneLine(message: string): string {
  return message
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim()
    .replace(/\.$/, '');
}
