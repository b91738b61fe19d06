/** Entry of dist/extension.js: VS Code on the desktop and remote, where there are files and sockets. */
import type * as vscode from 'vscode';
import { register } from './activate.ts';
import { provideMachine } from './machine-provider.ts';
import { connectAdapter, NODE_SERVICES } from './node-host.ts';
import { vscodeServices } from './vscode-host.ts';

export function activate(context: vscode.ExtensionContext): void {
  // Files of any scheme, as in the browser; sockets and files to write only here.
  const services = { ...NODE_SERVICES, ...vscodeServices(context.extensionUri) };
  register(context, {
    launch: (configuration) => provideMachine(configuration, services),
    connect: connectAdapter,
    readFile: (pathOrUri) => services.readFile(pathOrUri),
  });
}

export function deactivate(): void {}
