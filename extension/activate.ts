/** What both hosts do when VS Code starts the extension: the adapter runs inside the extension host. */
import * as vscode from 'vscode';
import { TrapgateSession } from './session.ts';
import type { TargetFactory } from './target-factory.ts';
import { uriOf } from './vscode-host.ts';

export const DEBUG_TYPE = 'trapgate';

/** @param factory where sessions get their machines from */
export function register(context: vscode.ExtensionContext, factory: TargetFactory): void {
  context.subscriptions.push(
    vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, {
      createDebugAdapterDescriptor: () => new vscode.DebugAdapterInlineImplementation(inlineAdapter(factory)),
    }),
    vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, {
      resolveDebugConfiguration: (_folder, configuration) => complete(configuration),
      resolveDebugConfigurationWithSubstitutedVariables: (_folder, configuration) => located(configuration),
    }),
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

/** F5 without a launch.json boots the kernel of the folder. */
function complete(configuration: vscode.DebugConfiguration): vscode.DebugConfiguration {
  if (configuration.type || configuration.request || configuration.name) return configuration;
  return { type: DEBUG_TYPE, request: 'launch', name: 'Boot in Trapgate', program: `\${workspaceFolder}/kernel.elf` };
}

/**
 * Names files by what VS Code can open: a path on disk, else the URI. The names of source files are made
 * from that of the program, so it must be whole.
 */
function located(configuration: vscode.DebugConfiguration): vscode.DebugConfiguration {
  const { program, kernel, symbols } = configuration;
  return {
    ...configuration,
    program: locatedFile(program),
    kernel: locatedFile(kernel),
    symbols: Array.isArray(symbols) ? symbols.map((entry) => ({ ...entry, file: locatedFile(entry?.file) })) : symbols,
  };
}

function locatedFile(name: unknown): unknown {
  if (typeof name !== 'string' || name === '') return name;
  const uri = uriOf(name);
  return uri.scheme === 'file' ? uri.fsPath : uri.toString();
}
