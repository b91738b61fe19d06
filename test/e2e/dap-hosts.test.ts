/**
 * The extension in both of VS Code's hosts, over a few lines of its API and a file system in memory. The browser
 * bundle runs in a bare context with the globals of a web worker: nothing of Node is there.
 */
import { readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import path from 'node:path';
import vm from 'node:vm';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const FILES: Readonly<Record<string, string>> = {
  '/ext/dist/tier0.wasm': 'dist/tier0.wasm',
  '/project/server/demo/demo.elf': 'server/demo/demo.elf',
  '/project/server/demo/boot.S': 'server/demo/boot.S',
  '/project/server/demo/kmain.c': 'server/demo/kmain.c',
};

/** What `vscode.Uri` is to the extension. */
class Uri {
  readonly scheme: string;
  readonly path: string;
  constructor(scheme: string, where: string) {
    this.scheme = scheme;
    this.path = where;
  }
  static parse(text: string): Uri {
    const [, scheme, where] = /^([a-z-]+):(.*)$/.exec(text) ?? [];
    return new Uri(scheme, where);
  }
  static file(where: string): Uri {
    return new Uri('file', where);
  }
  static joinPath(base: Uri, ...parts: string[]): Uri {
    return new Uri(base.scheme, [base.path, ...parts].join('/'));
  }
  with(change: { path: string }): Uri {
    return new Uri(this.scheme, change.path);
  }
  toString(): string {
    return `${this.scheme}:${this.path}`;
  }
}
class EventEmitter {
  private readonly listeners: ((value: unknown) => void)[] = [];
  readonly event = (listener: (value: unknown) => void) => {
    this.listeners.push(listener);
    return { dispose() {} };
  };
  fire(value: unknown): void {
    for (const listener of this.listeners) listener(value);
  }
  dispose(): void {}
}
interface Adapter {
  onDidSendMessage(listener: (message: DebugProtocol.ProtocolMessage) => void): void;
  handleMessage(message: object): void;
}
interface Provider {
  resolveDebugConfigurationWithSubstitutedVariables(folder: undefined, configuration: object): object;
}

function find(uri: Uri): string {
  const file = FILES[uri.path];
  if (file === undefined) throw Object.assign(new Error('not there'), { code: 'FileNotFound' });
  return path.join(root, file);
}

interface Extension {
  activate(context: object): void;
}

/** As the Node host does it: `require`, which knows one module more. */
function inNode(file: string, vscode: object): Extension {
  const loader = Module as unknown as { _load(name: string, ...rest: unknown[]): unknown };
  const load = loader._load;
  loader._load = (name, ...rest) => (name === 'vscode' ? vscode : load(name, ...rest));
  try {
    return createRequire(file)(file) as Extension;
  } finally {
    loader._load = load;
  }
}

function inWorker(file: string, vscode: object): Extension {
  const module = { exports: {} };
  const require = (name: string) => {
    if (name === 'vscode') return vscode;
    throw new Error(`the bundle asks for ${name}`);
  };
  const text = { TextDecoder, TextEncoder, URL, atob, btoa };
  const others = { WebAssembly, MessageChannel, performance, setTimeout, clearTimeout };
  const context = vm.createContext({ module, exports: module.exports, require, ...text, ...others });
  vm.runInContext(readFileSync(file, 'utf8'), context);
  return module.exports as Extension;
}

/** Activates the bundle and answers what it registered. */
function activate(bundle: 'extension.js' | 'extension.web.js'): { adapter: Adapter; provider: Provider } {
  const made: { adapter?: Adapter; provider?: Provider } = {};
  const vscode = {
    EventEmitter,
    Uri,
    DebugAdapterInlineImplementation: class {
      constructor(adapter: Adapter) {
        made.adapter = adapter;
      }
    },
    debug: {
      registerDebugAdapterDescriptorFactory: (_type: string, factory: { createDebugAdapterDescriptor(): void }) =>
        factory.createDebugAdapterDescriptor(),
      registerDebugConfigurationProvider: (_type: string, provider: Provider) => {
        made.provider = provider;
      },
    },
    workspace: {
      workspaceFolders: [{ uri: new Uri('memfs', '/project') }],
      fs: {
        readFile: async (uri: Uri) => new Uint8Array(readFileSync(find(uri))),
        stat: async (uri: Uri) => find(uri),
      },
    },
  };
  const file = path.join(root, 'dist', bundle);
  const extension = bundle === 'extension.js' ? inNode(file, vscode) : inWorker(file, vscode);
  extension.activate({ subscriptions: [], extensionUri: new Uri('memfs', '/ext') });
  if (made.adapter === undefined || made.provider === undefined) throw new Error('nothing was registered');
  return { adapter: made.adapter, provider: made.provider };
}

test.each(['extension.js', 'extension.web.js'] as const)(
  '%s: launch, break, look, disassemble, run to the end',
  async (bundle) => {
    const { adapter, provider } = activate(bundle);
    const messages: DebugProtocol.ProtocolMessage[] = [];
    adapter.onDidSendMessage((message) => messages.push(message));
    let seq = 0;
    const response = async (command: string, args: object = {}): Promise<DebugProtocol.Response> => {
      const own = ++seq;
      adapter.handleMessage({ seq: own, type: 'request', command, arguments: args });
      const mine = (message: DebugProtocol.ProtocolMessage) => (message as DebugProtocol.Response).request_seq === own;
      await expect.poll(() => messages.some(mine), { timeout: 20_000 }).toBe(true);
      return messages.find(mine) as DebugProtocol.Response;
    };
    const event = (name: string) =>
      expect
        .poll(() => messages.some((message) => (message as DebugProtocol.Event).event === name), { timeout: 20_000 })
        .toBe(true);

    await response('initialize');
    expect(await response('launch', { program: 'missing.elf' })).toMatchObject({
      success: false,
      message: 'cannot read the image missing.elf: no such file (check the path in launch.json)',
    });
    const configuration = { request: 'launch', program: 'server/demo/demo.elf' };
    const whole = provider.resolveDebugConfigurationWithSubstitutedVariables(undefined, configuration);
    expect(whole).toMatchObject({ program: 'memfs:/project/server/demo/demo.elf' });
    expect(await response('launch', whole)).toMatchObject({ success: true });
    const kmain = 'memfs:/project/server/demo/kmain.c';
    const { body } = await response('setBreakpoints', { source: { path: kmain }, breakpoints: [{ line: 48 }] });
    expect(body.breakpoints).toMatchObject([{ verified: true, line: 48 }]);
    await response('configurationDone');
    await event('stopped');
    const stack = await response('stackTrace', { threadId: 1 });
    expect(stack.body.stackFrames.map((frame: DebugProtocol.StackFrame) => frame.source?.path)).toEqual([
      kmain,
      'memfs:/project/server/demo/boot.S',
    ]);
    const code = await response('disassemble', {
      memoryReference: 'kmain',
      instructionOffset: -2,
      instructionCount: 5,
    });
    expect(code.body.instructions[2]).toMatchObject({ instruction: 'push ebp', symbol: 'kmain' });
    expect((await response('evaluate', { expression: 'cr0 >> 31', context: 'watch' })).body.result).toContain('1');
    await response('continue', { threadId: 1 });
    await event('terminated');
    const output = messages.filter((message) => (message as DebugProtocol.Event).event === 'output');
    expect(output.map((message) => (message as DebugProtocol.OutputEvent).body.output).join('')).toContain(
      'All done, powering off.',
    );
  },
);
