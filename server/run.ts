/** `trapgate run`: from options to a machine, through the run, to files, messages and the exit status. */
import path from 'node:path';
import { DEFAULT_CONFIG, type ImageInfo, Machine, type MachineConfig, type UserError } from '../core/index.ts';
import { readDisks, writeDisks } from './disk-files.ts';
import { readInput } from './files.ts';
import { hostMilliseconds } from './host-clock.ts';
import { HostDriver } from './host-driver.ts';
import type { RunOptions } from './options.ts';
import { Outputs } from './outputs.ts';
import { jsonLine, type RunEnd, STATUS_USER_MISTAKE } from './run-result.ts';
import { parseScenario } from './scenario.ts';
import { ScenarioRunner } from './scenario-runner.ts';
import type { SerialConsole } from './serial-console.ts';
import { statisticsText } from './statistics-text.ts';
import { loadTier0 } from './tier0.ts';

/** They end a run in order, with its disks and files written: ^C, `kill`, a terminal that is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** @throws UserError for what cannot be started; answers the exit status otherwise */
export async function runCommand(options: RunOptions): Promise<number> {
  const started = hostMilliseconds();
  const scenarioSteps =
    options.scenario === undefined
      ? undefined
      : parseScenario(new TextDecoder().decode(readInput(options.scenario, 'scenario')), options.scenario);
  const machine = new Machine(machineConfig(options), loadTier0());
  for (const note of machine.notes) say(note);
  const outputs = new Outputs(options);
  outputs.connect(machine);
  const scenario =
    scenarioSteps &&
    new ScenarioRunner(machine, scenarioSteps, {
      shot: () => outputs.shoot(machine),
      mark: (name) =>
        say(`mark ${name}: step ${machine.steps}, ${(machine.clock.now() / machine.clock.hz).toFixed(6)} guest s`),
    });
  if (scenario !== undefined) {
    machine.attach(scenario);
    machine.onOutput((channel, byte) => scenario.output(channel, byte));
  }
  let end: RunEnd | undefined;
  try {
    end = await drive(machine, options, outputs, scenario);
  } finally {
    // Also when output could not be written: what the guest wrote to its disks is no less worth for it.
    writeDisks(options.disks, machine);
    await outputs.finish(machine, end?.status !== 0);
  }
  report(options, end, machine, outputs, (hostMilliseconds() - started) / 1000);
  return end.status;
}

async function drive(
  machine: Machine,
  options: RunOptions,
  outputs: Outputs,
  scenario: ScenarioRunner | undefined,
): Promise<RunEnd> {
  let input: SerialConsole | undefined;
  let inputExpected = options.serial.kind === 'stdio' && scenario === undefined;
  /** Not before the guest's first byte: terminals and streams take a while to load. */
  const openInput = async () => {
    const { SerialConsole: Console, standardInputCanSpeak } = await import('./serial-console.ts');
    const ended = () => {
      driver.inputOpen = false;
      driver.wake();
    };
    if (driver instanceof HostDriver) driver.paced = false;
    if (!standardInputCanSpeak()) return ended();
    input = new Console({
      input: (bytes) => {
        machine.input({ kind: 'serial', bytes: [...bytes] });
        driver.wake();
      },
      leave: () => driver.stop('interrupted', 'stopped by the user'),
      ended,
    });
    if (driver instanceof HostDriver) driver.paced = input.terminal;
  };
  const common = {
    timeout: options.timeout,
    maxInstructions: options.maxInstructions,
    scenario,
    afterSlice: () => {
      outputs.flush();
      if (!inputExpected) return;
      inputExpected = false;
      driver.inputOpen = true;
      void openInput();
    },
  };
  const driver =
    options.gdb === undefined && options.dap === undefined
      ? new HostDriver(machine, { ...common, onReset: options.onReset })
      : new (await import('./debug-driver.ts')).DebugDriver(machine, {
          ...common,
          gdb: options.gdb,
          dap: options.dap,
          run: !options.wait,
          image: imageInfo(options, machine),
          rebootOnReset: options.onReset === 'reboot',
          say,
        });
  // Until it is known who is there: idle time skipped meanwhile is a menu's time to choose.
  if (driver instanceof HostDriver) driver.paced = inputExpected;
  const interrupted = () => driver.stop('interrupted', 'stopped by a signal');
  for (const signal of SIGNALS) process.on(signal, interrupted);
  try {
    return await driver.run();
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupted);
    input?.close();
  }
}

function machineConfig(options: RunOptions): MachineConfig {
  const modules = options.modules.map((text) => {
    const file = text.split(' ')[0];
    return { name: text, bytes: readInput(file, 'module') };
  });
  return {
    ...DEFAULT_CONFIG,
    memory: options.memory,
    tier: options.tier,
    vga: options.vga,
    onReset: options.onReset,
    image:
      options.image === undefined
        ? undefined
        : {
            name: path.basename(options.image),
            bytes: readInput(options.image, 'image'),
            append: options.append,
            modules,
          },
    disks: readDisks(options.disks),
    boot: options.boot,
  };
}

/** What a debugger may read symbols from. */
function imageInfo(options: RunOptions, machine: Machine): ImageInfo | undefined {
  if (options.image === undefined) return undefined;
  const bytes = machine.config.image?.bytes ?? new Uint8Array(0);
  return { name: path.basename(options.image), path: path.resolve(options.image), bytes };
}

function report(options: RunOptions, end: RunEnd, machine: Machine, outputs: Outputs, seconds: number): void {
  // On a terminal the guest's last line and our message share the screen.
  if (end.message !== '') say(end.message, outputs.atLineStart || !process.stdout.isTTY);
  if (options.stats) process.stderr.write(`${statisticsText(machine.statistics.rows(), machine.steps)}\n`);
  if (options.json)
    process.stdout.write(`${outputs.atLineStart ? '' : '\n'}${jsonLine(end, machine.steps, seconds)}\n`);
}

/** A mistake of the user that kept the run from starting. */
export function reportMistake(error: UserError, json: boolean): number {
  say(error.line);
  const end: RunEnd = { reason: 'error', status: STATUS_USER_MISTAKE, message: error.line };
  if (json) process.stdout.write(`${jsonLine(end, 0, 0)}\n`);
  return STATUS_USER_MISTAKE;
}

/** One message to the user, on stderr. */
export function say(text: string, atLineStart = true): void {
  process.stderr.write(`${atLineStart ? '' : '\n'}trapgate: ${text}\n`);
}
