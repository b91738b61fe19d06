/**
 * The host's standard input as what is typed on COM1. On a terminal it is raw, as a serial console is: keys
 * go to the guest, Ctrl-A X leaves, Ctrl-A C hands the guest a Ctrl-C, and Ctrl-C itself stops the run.
 */
import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';

export interface ConsoleHooks {
  input(bytes: Uint8Array): void;
  /** Ctrl-C or Ctrl-A X. */
  leave(): void;
  /** No more input will come. */
  ended(): void;
}

const CTRL_A = 0x01;
const CTRL_C = 0x03;

/** What a terminal's bytes mean: those for the guest, and whether the user wants to leave. */
export class EscapeKeys {
  #escaped = false;

  take(bytes: Uint8Array): { forGuest: Uint8Array; leave: boolean } {
    const forGuest: number[] = [];
    for (const byte of bytes) {
      if (this.#escaped) {
        this.#escaped = false;
        const key = String.fromCharCode(byte).toLowerCase();
        if (key === 'x') return { forGuest: Uint8Array.from(forGuest), leave: true };
        if (key === 'c') forGuest.push(CTRL_C);
        else if (key === 'a' || byte === CTRL_A) forGuest.push(CTRL_A);
      } else if (byte === CTRL_A) this.#escaped = true;
      else if (byte === CTRL_C) return { forGuest: Uint8Array.from(forGuest), leave: true };
      else forGuest.push(byte);
    }
    return { forGuest: Uint8Array.from(forGuest), leave: false };
  }
}

/** True when something can come from standard input at all; false for /dev/null, without touching the stream. */
export function standardInputCanSpeak(): boolean {
  try {
    return !fstatSync(0).isCharacterDevice() || isatty(0);
  } catch {
    return false;
  }
}

export class SerialConsole {
  readonly terminal: boolean;
  readonly #keys = new EscapeKeys();

  constructor(hooks: ConsoleHooks) {
    const { stdin } = process;
    this.terminal = stdin.isTTY === true;
    if (this.terminal) stdin.setRawMode(true);
    stdin.on('data', (bytes: Uint8Array) => {
      if (!this.terminal) {
        hooks.input(bytes);
        return;
      }
      const { forGuest, leave } = this.#keys.take(bytes);
      if (forGuest.length > 0) hooks.input(forGuest);
      if (leave) hooks.leave();
    });
    stdin.on('end', () => hooks.ended());
    stdin.on('error', () => hooks.ended());
  }

  close(): void {
    const { stdin } = process;
    if (this.terminal) stdin.setRawMode(false);
    stdin.pause();
    stdin.removeAllListeners();
    // A pipe that stays open must not keep the process alive.
    stdin.unref?.();
  }
}
