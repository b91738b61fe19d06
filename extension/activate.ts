/** What both hosts do when VS Code starts the extension: the adapter runs inside the extension host. */
import * as vscode from 'vscode';
import { TrapgateSession } from './session.ts';
import type { TargetFactory } from './target-factory.ts';

export const DEBUG_TYPE = 'trapgate';

/** @param factory where sessions get their machines from */
export function register(context: vscode.ExtensionContext, factory: TargetFactory): void {
  context.subscriptions.push(
    vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, {
      createDebugAdapterDescriptor: () => new vscode.DebugAdapterInlineImplementation(inlineAdapter(factory)),
    }),
    vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, { resolveDebugConfiguration }),
  );
}

/** The session as VS Code's interface names it; both speak the same messages. */
function inlineAdapter(factory: TargetFactory): vscode.DebugAdapter {
  const session = new TrapgateSession(factory);
  session.setRunAsServer(true);
  const sent = new vscode.EventEmitter<vscode.DebugProtocolMessage>();
  session.onDidSendMessage((message) => sent.fire(message));
  return {
    onDidSendMessage: sent.event,
    handleMessage: (message) => session.handleMessage(message as Parameters<TrapgateSession['handleMessage']>[0]),
    dispose: () => {
      session.dispose();
      sent.dispose();
    },
  };
}

/** F5 without a launch.json boots the image that is open. */
function resolveDebugConfiguration(
  _folder: vscode.WorkspaceFolder | undefined,
  configuration: vscode.DebugConfiguration,
): vscode.DebugConfiguration {
  if (configuration.type || configuration.request || configuration.name) return configuration;
  return { type: DEBUG_TYPE, request: 'launch', name: 'Boot in Trapgate', program: `\${workspaceFolder}/kernel.elf` };
}
