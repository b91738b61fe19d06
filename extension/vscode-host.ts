/** What VS Code gives a session in either host: files of any scheme through `vscode.workspace.fs`. */
import * as vscode from 'vscode';
import type { HostServices } from './machine-provider.ts';
import { openSerialTerminal } from './serial-terminal.ts';

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]+:/;

/** A URI string, or a path in the file system of the workspace. */
export function uriOf(pathOrUri: string): vscode.Uri {
  // A drive letter is no scheme: schemes have two characters at least.
  if (SCHEME.test(pathOrUri)) return vscode.Uri.parse(pathOrUri);
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  if (folder === undefined) return vscode.Uri.file(pathOrUri);
  if (!/^([/\\]|[A-Za-z]:[/\\])/.test(pathOrUri)) return vscode.Uri.joinPath(folder, pathOrUri);
  return folder.scheme === 'file' ? vscode.Uri.file(pathOrUri) : folder.with({ path: pathOrUri.replaceAll('\\', '/') });
}

export function vscodeServices(extensionUri: vscode.Uri): HostServices {
  let tier0: Promise<WebAssembly.Module> | undefined;
  const compile = async () => {
    const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(extensionUri, 'dist', 'tier0.wasm'));
    return WebAssembly.compile(new Uint8Array(bytes));
  };
  return {
    readFile: async (pathOrUri) => vscode.workspace.fs.readFile(uriOf(pathOrUri)),
    exists: async (pathOrUri) =>
      vscode.workspace.fs.stat(uriOf(pathOrUri)).then(
        () => true,
        () => false,
      ),
    version: async (pathOrUri) =>
      vscode.workspace.fs.stat(uriOf(pathOrUri)).then(
        ({ mtime, size }) => `${mtime} ${size}`,
        () => undefined,
      ),
    tier0: () => {
      tier0 ??= compile();
      return tier0;
    },
    openTerminal: openSerialTerminal,
    yieldToHost: nextTurn,
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    milliseconds: () => performance.now(),
    wallClock: () => Math.floor(Date.now() / 1000),
  };
}

// A message comes back at the next turn; a timer would cost four milliseconds a slice.
const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(0);
  });
}
