/**
 * Where a run leaves what the guest shows: COM1, port E9h, the text screen, pictures. Files are opened before
 * the guest starts, so that a bad path is told at once and not after the run.
 */
import type { Machine } from '../core/index.ts';
import { ByteFile } from './byte-file.ts';
import { writeOutput } from './files.ts';
import type { RunOptions } from './options.ts';
import { encodePng, encodePpm, type Picture, renderScreen } from './picture.ts';
import { screenAsText } from './scenario-runner.ts';

export class Outputs {
  readonly #options: RunOptions;
  readonly #serial: ByteFile[] = [];
  readonly #debugcon: ByteFile[] = [];
  readonly #standard: ByteFile | undefined;
  #picture: Picture | undefined;

  /** @throws UserError when a file cannot be written */
  constructor(options: RunOptions) {
    this.#options = options;
    if (options.serial.kind === 'stdio') {
      this.#standard = ByteFile.standardOutput();
      this.#serial.push(this.#standard);
    } else if (options.serial.kind === 'file') this.#serial.push(ByteFile.create(options.serial.path));
    if (options.serialOut !== undefined) this.#serial.push(ByteFile.create(options.serialOut));
    if (options.debugconOut !== undefined) this.#debugcon.push(ByteFile.create(options.debugconOut));
    for (const path of [options.screenOut, options.shot, options.ppmOut]) if (path !== undefined) writeOutput(path, '');
  }

  /** Puts the guest's bytes here as they come. */
  connect(machine: Machine): void {
    machine.onOutput((channel, byte) => {
      for (const file of channel === 'serial' ? this.#serial : this.#debugcon) file.put(byte);
    });
  }

  flush(): void {
    for (const file of this.#serial) file.flush();
    for (const file of this.#debugcon) file.flush();
  }

  /** True when the last thing on standard output was a whole line. */
  get atLineStart(): boolean {
    return this.#standard === undefined || this.#standard.last === 0x0a;
  }

  /** Keeps the screen as it is now for the picture files. */
  shoot(machine: Machine): void {
    this.#picture = renderScreen(machine.screenCells());
  }

  /** Writes the last screen and picture and closes everything. @param failed show the end, not the last `shot` */
  async finish(machine: Machine, failed: boolean): Promise<void> {
    const { screenOut, shot, ppmOut } = this.#options;
    if (screenOut !== undefined) writeOutput(screenOut, screenAsText(machine.screenText()));
    if (shot !== undefined || ppmOut !== undefined) {
      const picture = failed ? undefined : this.#picture;
      const last = picture ?? renderScreen(machine.screenCells());
      if (ppmOut !== undefined) writeOutput(ppmOut, encodePpm(last));
      if (shot !== undefined) writeOutput(shot, await encodePng(last));
    }
    // What became of one is no reason to lose what another has gathered.
    const failures: unknown[] = [];
    for (const file of [...this.#serial, ...this.#debugcon]) {
      try {
        file.close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
