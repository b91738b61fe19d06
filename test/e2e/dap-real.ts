/** A debug-adapter session in the test's own process, on the real machine and this repository's files. */
import { readFileSync, statSync } from 'node:fs';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { buildTier0 } from '../../core/vcpu/interpreter/build.ts';
import { type HostServices, provideMachine } from '../../extension/machine-provider.ts';
import { TrapgateSession } from '../../extension/session.ts';

/** @param onMessage hears every message, both ways, in their order */
export async function realSession(onMessage: (message: DebugProtocol.ProtocolMessage) => void = () => {}) {
  const host: HostServices = {
    readFile: async (name) => new Uint8Array(readFileSync(name)),
    exists: async () => false,
    version: async (name) => String(statSync(name, { throwIfNoEntry: false })?.mtimeMs),
    tier0: () => WebAssembly.compile(buildTier0() as BufferSource),
    yieldToHost: () => new Promise((resolve) => setImmediate(resolve)),
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    milliseconds: () => performance.now(),
    wallClock: () => 0,
  };
  const session = new TrapgateSession({
    launch: (configuration) => provideMachine(configuration, host),
    readFile: host.readFile,
  });
  session.setRunAsServer(true);
  const waiting = new Set<(message: DebugProtocol.ProtocolMessage) => void>();
  session.onDidSendMessage((message) => {
    onMessage(message as DebugProtocol.ProtocolMessage);
    for (const listener of [...waiting]) listener(message as DebugProtocol.ProtocolMessage);
  });
  const wait = <T extends DebugProtocol.ProtocolMessage>(matches: (message: T) => boolean) =>
    new Promise<T>((resolve) => {
      const listener = (message: DebugProtocol.ProtocolMessage) => {
        if (!matches(message as T)) return;
        waiting.delete(listener);
        resolve(message as T);
      };
      waiting.add(listener);
    });
  let seq = 0;
  const response = (command: string, args: object = {}) => {
    const own = ++seq;
    const request = { seq: own, type: 'request', command, arguments: args };
    onMessage(request);
    const answer = wait<DebugProtocol.Response>((message) => message.request_seq === own);
    session.handleMessage(request as DebugProtocol.Request);
    return answer;
  };
  const event = (name: string) => wait<DebugProtocol.Event>((message) => message.event === name);
  await response('initialize');
  return { session, response, event };
}
