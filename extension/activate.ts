/** What both hosts do when VS Code starts the extension: the adapter runs inside the extension host. */
import * as vscode from 'vscode';
import { DEBUG_TYPE, DYNAMIC, INITIAL, launchOf, RESOLVER } from './configuration-provider.ts';
import { TrapgateSession } from './session.ts';
import type { TargetFactory } from './target-factory.ts';

/** @param factory where sessions get their machines from */
export function register(context: vscode.ExtensionContext, factory: TargetFactory): void {
  context.subscriptions.push(
    vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, {
      createDebugAdapterDescriptor: () => new vscode.DebugAdapterInlineImplementation(inlineAdapter(factory)),
    }),
    vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, RESOLVER),
    vscode.debug.registerDebugConfigurationProvider(
      DEBUG_TYPE,
      INITIAL,
      vscode.DebugConfigurationProviderTriggerKind.Initial,
    ),
    vscode.debug.registerDebugConfigurationProvider(
      DEBUG_TYPE,
      DYNAMIC,
      vscode.DebugConfigurationProviderTriggerKind.Dynamic,
    ),
    // In the explorer's menu: boots the file that was clicked on.
    vscode.commands.registerCommand('trapgate.debugFile', async (uri: vscode.Uri) =>
      vscode.debug.startDebugging(vscode.workspace.getWorkspaceFolder(uri), await launchOf(uri)),
    ),
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
