/** Builds the machine that a launch configuration describes, with what the host gives: files and its event loop. */
import { DEFAULT_CONFIG, type DebugTarget, Machine, MachineTarget, UserError } from '../core/index.ts';
import type { LaunchConfiguration } from './configuration.ts';
import { fileName, findSourceBase, loadSymbols, readNamed } from './symbol-files.ts';
import type { Provided } from './target-factory.ts';

export interface HostServices {
  /** Rejects with whatever the host's file system says. */
  readFile(pathOrUri: string): Promise<Uint8Array>;
  exists(pathOrUri: string): Promise<boolean>;
  /** Another text for another content: time and size. Undefined where there is no file, or nobody knows. */
  version?(pathOrUri: string): Promise<string | undefined>;
  /** The interpreter, compiled. */
  tier0(): Promise<WebAssembly.Module>;
  /** Lets the host's event loop run once. */
  yieldToHost(): Promise<void>;
  sleep(milliseconds: number): Promise<void>;
  milliseconds(): number;
  /** Seconds since 1970, for the guest's clock at power-on. */
  wallClock(): number;
  /** Absent where files cannot be written piece by piece. */
  createFile?(path: string): { write(bytes: Uint8Array): void; close(): void };
  /** A terminal for COM1; `input` is called with what the user types. Absent where there are none. */
  openTerminal?(name: string, input: (bytes: Uint8Array) => void): { write(bytes: Uint8Array): void; close(): void };
  /** Opens a GDB stub beside the session. Absent where there are no sockets. */
  openGdb?(target: DebugTarget, address: string): Promise<{ readonly address: string; close(): void }>;
}

/** @throws UserError */
export async function provideMachine(configuration: LaunchConfiguration, all: HostServices): Promise<Provided> {
  const files = new ReadFiles(all);
  const host: HostServices = { ...all, readFile: (pathOrUri) => files.read(pathOrUri) };
  const { boots } = configuration;
  const bytes = boots === undefined ? undefined : await readNamed(host, boots, 'image');
  const disks = await Promise.all(
    configuration.disks.map(async ({ drive, path }) => ({
      drive,
      name: fileName(path),
      bytes: await readNamed(host, path, 'disk'),
    })),
  );
  const modules = await Promise.all(
    configuration.modules.map(async (text) => ({
      name: text,
      bytes: await readNamed(host, text.split(' ')[0], 'module'),
    })),
  );
  const machine = new Machine(
    {
      ...DEFAULT_CONFIG,
      memory: configuration.memory,
      wallClock: host.wallClock(),
      vga: configuration.vga,
      onReset: configuration.onReset,
      image: bytes && { name: fileName(boots ?? ''), bytes, append: configuration.append, modules },
      disks,
      boot: configuration.boot,
    },
    await host.tier0(),
  );
  const named = configuration.program;
  const program = named === boots || named === '' ? bytes : await readNamed(host, named, 'program');
  const target = new MachineTarget(machine, {
    // For a gdb beside the session: what the symbols are in.
    image: program && { name: fileName(named), path: named, bytes: program },
    maxSteps: configuration.maxInstructions > 0 ? configuration.maxInstructions : undefined,
    rebootOnReset: configuration.onReset === 'reboot',
    yieldToHost: () => host.yieldToHost(),
    sleep: (milliseconds) => host.sleep(milliseconds),
    milliseconds: () => host.milliseconds(),
  });
  const { images, notes } = await loadSymbols(named, program, configuration.symbols, host, bytes);
  const side = await openSideDoors(target, configuration, host);
  return {
    target,
    images,
    program: configuration.program,
    sourceBase: await findSourceBase(images, configuration.program, host),
    notes: [...machine.notes, ...side.notes, ...notes],
    serialElsewhere: configuration.serial.kind === 'terminal',
    isOutdated: () => files.haveChanged(),
    release: side.close,
  };
}

/** The files that a machine is made of, and whether they are still the same. */
class ReadFiles {
  private readonly host: HostServices;
  private readonly versions = new Map<string, string>();

  constructor(host: HostServices) {
    this.host = host;
  }

  async read(pathOrUri: string): Promise<Uint8Array> {
    const version = await this.host.version?.(pathOrUri);
    if (version !== undefined) this.versions.set(pathOrUri, version);
    return this.host.readFile(pathOrUri);
  }

  /** A file that is gone is no other file: what was read of it goes on. */
  async haveChanged(): Promise<boolean> {
    for (const [pathOrUri, version] of this.versions) {
      const now = await this.host.version?.(pathOrUri);
      if (now !== undefined && now !== version) return true;
    }
    return false;
  }
}

/** A GDB stub and a file for COM1, where the configuration asks for them. */
async function openSideDoors(
  target: DebugTarget,
  configuration: LaunchConfiguration,
  host: HostServices,
): Promise<{ notes: string[]; close: () => void }> {
  const notes: string[] = [];
  const closers: (() => void)[] = [];
  if (configuration.serial.kind === 'file') {
    if (host.createFile === undefined)
      throw new UserError('no-files', 'this host cannot write COM1 to a file', 'use "serial": "console"');
    const file = host.createFile(configuration.serial.path);
    const unsubscribe = target.subscribe((event) => {
      if (event.kind === 'output' && event.channel === 'serial') file.write(event.bytes);
    });
    closers.push(unsubscribe, () => file.close());
  }
  if (configuration.serial.kind === 'terminal') {
    if (host.openTerminal === undefined)
      throw new UserError(
        'no-terminal',
        'this client has no terminal for COM1',
        'use "serial": "console", and the request trapgate/sendSerial to type',
      );
    const terminal = host.openTerminal(`COM1: ${fileName(configuration.program)}`, (bytes) => {
      target.sendSerial(bytes).catch(() => {});
    });
    const unsubscribe = target.subscribe((event) => {
      if (event.kind === 'output' && event.channel === 'serial') terminal.write(event.bytes);
    });
    closers.push(unsubscribe, () => terminal.close());
  }
  if (configuration.gdb === undefined) {
    // With a stub beside it the session shares the machine; alone it has it for itself.
    const giveBack = target.claim?.('the debug adapter');
    if (giveBack !== undefined) closers.push(giveBack);
  } else {
    if (host.openGdb === undefined)
      throw new UserError('no-sockets', 'this host cannot open a GDB stub', 'remove "gdb"');
    const stub = await host.openGdb(target, configuration.gdb);
    notes.push(`gdb can attach: target remote ${stub.address}`);
    closers.push(() => stub.close());
  }
  return {
    notes,
    close: () => {
      for (const close of closers) close();
    },
  };
}
