/**
 * What a user does with the demo in VS Code, in either host. First its kernel: a breakpoint in C, a look around, a
 * step, disassembly, on to the end. Then its disk, without a word in launch.json: from a breakpoint in the boot
 * sector's source by way of the kernel to one in the user program.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Page } from './browser.ts';
import { Workbench } from './workbench.ts';
import { lineOf } from './workspace.ts';

export interface Options {
  /** Without one, F5 asks what to boot. */
  readonly hasLaunchJson: boolean;
}

/** Texts as they stood on the screen. */
export interface Seen {
  readonly kernel: KernelSeen;
  readonly disk: DiskSeen;
}
interface KernelSeen {
  readonly line: number;
  readonly stack: string;
  readonly registers: string;
  readonly locals: string;
  readonly consoleAtStop: string;
  readonly stackAfterStep: string;
  readonly disassembly: string;
  readonly consoleAtEnd: string;
}
interface DiskSeen {
  readonly colours: number;
  readonly sectorStack: string;
  readonly sectorSegments: string;
  readonly sectorCode: string;
  readonly afterFirmware: string;
  readonly kernelStack: string;
  readonly userStack: string;
  readonly userLocals: string;
  readonly consoleAtEnd: string;
}

type Shot = (name: string) => Promise<unknown>;

const SHOT_LIMIT = 60_000;

/** @param folder where the screenshots go */
export async function debugTheDemo(page: Page, url: string, folder: string, options: Options): Promise<Seen> {
  mkdirSync(folder, { recursive: true });
  const shot: Shot = (name) => page.screenshot({ path: path.join(folder, `${name}.png`), timeout: SHOT_LIMIT });
  const bench = new Workbench(page);
  try {
    await bench.open(url);
    return { kernel: await kernel(bench, shot, options), disk: await disk(bench, shot, options) };
  } catch (error) {
    await shot('failed').catch(() => undefined);
    throw error;
  }
}

async function kernel(bench: Workbench, shot: Shot, { hasLaunchJson }: Options): Promise<KernelSeen> {
  const line = lineOf('kmain.c', 'timer_wait(wanted);');
  await bench.openSource('kmain.c');
  await bench.setBreakpoint(line);
  await shot('1-breakpoint');

  await bench.start(hasLaunchJson ? undefined : 'Boot server/demo/demo.elf');
  const stack = await bench.stoppedAt('count_ticks', line);
  const locals = await bench.scope('Locals', 'before');
  await shot('2-locals');
  // Makes room: the list draws the rows that fit only.
  await bench.closeScope('Locals');
  const registers = await bench.scope('Registers', 'eip');
  const consoleAtStop = await bench.consoleWith('descriptors: GDT, IDT and TSS are our own');
  await shot('3-registers');
  await bench.closeScope('Registers');

  await bench.stepOver();
  const stackAfterStep = await bench.stoppedAt('count_ticks', line + 1);
  await shot('4-stepped');

  const disassembly = await bench.disassemblyWith('timer_wait');
  await shot('5-disassembly');

  await bench.continueToEnd();
  const consoleAtEnd = await bench.consoleWith('All done, powering off.');
  await shot('6-ended');
  return { line, stack, locals, registers, consoleAtStop, stackAfterStep, disassembly, consoleAtEnd };
}

async function disk(bench: Workbench, shot: Shot, { hasLaunchJson }: Options): Promise<DiskSeen> {
  const read = lineOf('loader.S', 'mov $0x08, %ah') + 1;
  const heap = lineOf('user.c', 'return sum;');
  await bench.openSource('user.c');
  await bench.setBreakpoint(heap);
  await bench.openSource('loader.S');
  await bench.setBreakpoint(read);
  const colours = await bench.colours();
  await shot('7-sector');

  const image = 'Boot server/demo/demo.img';
  await (hasLaunchJson ? bench.startOffered(image) : bench.start(image));
  const sectorStack = await bench.stoppedAt('loader', read);
  const sectorSegments = await bench.scope('Segments', 'cs');
  await bench.closeScope('Segments');
  const sectorCode = await bench.disassemblyWith('int 0x13');
  await shot('8-sector-code');
  await bench.closeEditor('loader.S');
  await bench.stepOver();
  const afterFirmware = await bench.stoppedAt('loader', read + 1);
  await shot('9-behind-int-13h');

  await bench.goOn();
  const kernelStack = await bench.stoppedAt('count_ticks', lineOf('kmain.c', 'timer_wait(wanted);'));
  await bench.goOn();
  const userStack = await bench.stoppedAt('touch_heap', heap);
  const userLocals = await bench.scope('Locals', 'sum');
  await shot('10-user-mode');
  await bench.continueToEnd();
  const consoleAtEnd = await bench.consoleWith('All done, powering off.');
  await shot('11-ended');
  return {
    colours,
    sectorStack,
    sectorSegments,
    sectorCode,
    afterFirmware,
    kernelStack,
    userStack,
    userLocals,
    consoleAtEnd,
  };
}
