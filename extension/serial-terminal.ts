/** COM1 as a terminal of VS Code: what the guest sends is shown, what the user types is sent. */
import * as vscode from 'vscode';

/** Text that came before the terminal was on screen; a guest that floods it loses the oldest. */
const MAX_PENDING = 1 << 20;

export interface SerialTerminal {
  write(bytes: Uint8Array): void;
  close(): void;
}

/** The terminal of a machine that ended stays readable until the next one takes its place. */
let ended: vscode.Terminal | undefined;

export function openSerialTerminal(name: string, input: (bytes: Uint8Array) => void): SerialTerminal {
  ended?.dispose();
  ended = undefined;
  const screen = new vscode.EventEmitter<string>();
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let isOpen = false;
  let isOver = false;
  let pending = '';
  const show = (text: string) => {
    if (isOpen) screen.fire(text);
    else pending = (pending + text).slice(-MAX_PENDING);
  };
  const terminal = vscode.window.createTerminal({
    name,
    pty: {
      onDidWrite: screen.event,
      open: () => {
        isOpen = true;
        screen.fire(pending);
        pending = '';
      },
      close: () => {
        isOpen = false;
      },
      handleInput: (text: string) => {
        if (!isOver) input(encoder.encode(text));
      },
    },
  });
  terminal.show(true);
  return {
    // A line feed alone would leave the cursor where it is; guests that send only that mean a new line.
    write: (bytes) => show(decoder.decode(bytes, { stream: true }).replace(/(?<!\r)\n/g, '\r\n')),
    close: () => {
      if (isOver) return;
      isOver = true;
      show('\r\n[the machine is gone]\r\n');
      ended = terminal;
    },
  };
}
