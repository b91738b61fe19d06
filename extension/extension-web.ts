/** Entry of dist/extension.web.js: VS Code in a browser, where nothing of Node is there. */
import type * as vscode from 'vscode';
import { register } from './activate.ts';
import { provideMachine } from './machine-provider.ts';
import { vscodeServices } from './vscode-host.ts';

export function activate(context: vscode.ExtensionContext): void {
  const services = vscodeServices(context.extensionUri);
  register(context, {
    launch: (configuration) => provideMachine(configuration, services),
    readFile: (pathOrUri) => services.readFile(pathOrUri),
  });
}

export function deactivate(): void {}
