/** Entry of dist/extension.js: VS Code on the desktop and remote, where there are files and sockets. */
import * as vscode from 'vscode';
import { UserError } from '../core/index.ts';
import { register } from './activate.ts';
import { type HostServices, provideMachine } from './machine-provider.ts';
import { connectAdapter, NODE_SERVICES } from './node-host.ts';
import { vscodeServices } from './vscode-host.ts';

export function activate(context: vscode.ExtensionContext): void {
  // Files of any scheme, as in the browser; sockets and files to write only here. Node delivers a thousand messages
  // of a channel before it looks at anything else, so the guest gives way by Node's own means.
  const { yieldToHost } = NODE_SERVICES;
  const services: HostServices = { ...NODE_SERVICES, ...vscodeServices(context.extensionUri), yieldToHost };
  // A workspace that is not trusted may boot its guest, which is shut in; nothing of it reaches the outside.
  const restricted: HostServices = {
    ...services,
    createFile: () => refuse('write COM1 to a file'),
    openGdb: () => refuse('open a GDB stub'),
  };
  const isTrusted = () => vscode.workspace.isTrusted !== false;
  register(context, {
    launch: (configuration) => provideMachine(configuration, isTrusted() ? services : restricted),
    connect: async (...args) => (isTrusted() ? connectAdapter(...args) : refuse('attach to another process')),
    readFile: (pathOrUri) => services.readFile(pathOrUri),
  });
}

function refuse(what: string): never {
  throw new UserError('untrusted', `cannot ${what}: this workspace is not trusted`, 'trust it first');
}

export function deactivate(): void {}
