/**
 * The extension in both of VS Code's hosts, over a few lines of its API and a file system in memory. The browser
 * bundle runs in a bare context with the globals of a web worker: nothing of Node is there.
 */
import { readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import path from 'node:path';
import vm from 'node:vm';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { describe, expect, test } from 'vitest';
import { guestPath } from '../guests/build.ts';

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
  resolveDebugConfiguration(folder: undefined, configuration: object): Promise<object>;
  resolveDebugConfigurationWithSubstitutedVariables(folder: undefined, configuration: object): object;
  provideDebugConfigurations(folder: undefined): Promise<object[]>;
}
interface Terminal {
  readonly name: string;
  readonly pty: { onDidWrite(listener: (text: string) => void): void; open(): void; handleInput(text: string): void };
}
interface Activated {
  readonly adapter: Adapter;
  /** Resolver, initial, dynamic. */
  readonly providers: readonly Provider[];
  readonly terminals: readonly Terminal[];
  readonly workspace: { isTrusted: boolean };
  /** What the user was asked last; the answer is the first disk image. */
  readonly pick: { readonly choices: readonly Choice[] };
}
interface Choice {
  readonly label: string;
  readonly description: string;
}

/** Folders are what the files' paths say. */
function list(folder: Uri, files: typeof FILES): [string, number][] {
  const names = new Map<string, number>();
  for (const file of Object.keys(files)) {
    if (!file.startsWith(`${folder.path}/`)) continue;
    const [name, ...below] = file.slice(folder.path.length + 1).split('/');
    names.set(name, below.length > 0 ? 2 : 1);
  }
  return [...names];
}

function find(uri: Uri, files: typeof FILES): string {
  const file = files[uri.path];
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
    const require = createRequire(file);
    // Each test has a VS Code of its own.
    delete require.cache[file];
    return require(file) as Extension;
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
function activate(bundle: 'extension.js' | 'extension.web.js', files = FILES): Activated {
  const adapters: Adapter[] = [];
  const providers: Provider[] = [];
  const terminals: Terminal[] = [];
  const pick: { choices: Choice[] } = { choices: [] };
  const vscode = {
    EventEmitter,
    Uri,
    FileType: { File: 1, Directory: 2 },
    DebugConfigurationProviderTriggerKind: { Initial: 1, Dynamic: 2 },
    DebugAdapterInlineImplementation: class {
      constructor(adapter: Adapter) {
        adapters.push(adapter);
      }
    },
    debug: {
      registerDebugAdapterDescriptorFactory: (_type: string, factory: { createDebugAdapterDescriptor(): void }) =>
        factory.createDebugAdapterDescriptor(),
      registerDebugConfigurationProvider: (_type: string, provider: Provider) => providers.push(provider),
    },
    commands: { registerCommand() {} },
    window: {
      tabGroups: { activeTabGroup: {} },
      showQuickPick: async (choices: Choice[]) => {
        pick.choices = choices;
        return choices.find(({ label }) => label.endsWith('.img'));
      },
      createTerminal: (terminal: Terminal) => {
        terminals.push(terminal);
        return { show() {}, dispose() {} };
      },
    },
    workspace: {
      isTrusted: true,
      workspaceFolders: [{ uri: new Uri('memfs', '/project') }],
      fs: {
        readFile: async (uri: Uri) => new Uint8Array(readFileSync(find(uri, files))),
        stat: async (uri: Uri) => find(uri, files),
        readDirectory: async (uri: Uri) => list(uri, files),
      },
    },
  };
  const file = path.join(root, 'dist', bundle);
  const extension = bundle === 'extension.js' ? inNode(file, vscode) : inWorker(file, vscode);
  extension.activate({ subscriptions: [], extensionUri: new Uri('memfs', '/ext') });
  return { adapter: adapters[0], providers, terminals, workspace: vscode.workspace, pick };
}

function clientOf(adapter: Adapter) {
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
  return { response, event, messages };
}

test.each(['extension.js', 'extension.web.js'] as const)(
  '%s: launch, break, look, disassemble, run to the end',
  async (bundle) => {
    const { adapter, providers } = activate(bundle);
    const { response, event, messages } = clientOf(adapter);
    await response('initialize');
    expect(await response('launch', { program: 'missing.elf' })).toMatchObject({
      success: false,
      message: 'cannot read the image missing.elf: no such file (check the path in launch.json)',
    });
    const configuration = { request: 'launch', program: 'server/demo/demo.elf' };
    const whole = providers[0].resolveDebugConfigurationWithSubstitutedVariables(undefined, configuration);
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

test('a guest that never rests leaves the host time for others', async () => {
  const files = { ...FILES, '/project/echo.elf': path.relative(root, guestPath('echo')) };
  const { adapter } = activate('extension.js', files);
  const { response, event } = clientOf(adapter);
  await response('initialize');
  expect(await response('launch', { program: 'memfs:/project/echo.elf' })).toMatchObject({ success: true });
  await response('configurationDone');
  // Each turn of the event loop may wait for one slice of the guest, not for a thousand of them.
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  await response('pause', { threadId: 1 });
  await event('stopped');
  await response('disconnect');
});

describe.each(['extension.js', 'extension.web.js'] as const)('%s', (bundle) => {
  test('F5 without a launch.json boots the kernel that is there', async () => {
    const { providers } = activate(bundle);
    const [resolver, initial, dynamic] = providers;
    const boot = {
      type: 'trapgate',
      request: 'launch',
      name: 'Boot server/demo/demo.elf',
      program: `\${workspaceFolder}/server/demo/demo.elf`,
    };
    expect(await resolver.resolveDebugConfiguration(undefined, {})).toEqual(boot);
    expect(await dynamic.provideDebugConfigurations(undefined)).toEqual([boot]);
    expect(await initial.provideDebugConfigurations(undefined)).toMatchObject([boot, { request: 'attach' }]);
    const own = { type: 'trapgate', request: 'launch', name: 'mine', program: 'x' };
    expect(await resolver.resolveDebugConfiguration(undefined, own)).toBe(own);
  });

  test('F5 without a launch.json on a disk image brings the symbols beside it', async () => {
    const files = { ...FILES, '/project/server/demo/demo.img': 'dist/demo.img', '/project/other.elf': 'dist/demo.elf' };
    const { providers, pick } = activate(bundle, files);
    const inDemo = (name: string) => `\${workspaceFolder}/server/demo/${name}`;
    expect(await providers[0].resolveDebugConfiguration(undefined, {})).toEqual({
      type: 'trapgate',
      request: 'launch',
      name: 'Boot server/demo/demo.img',
      program: inDemo('demo.img'),
      symbols: [{ file: inDemo('demo.elf') }],
    });
    expect(pick.choices.map(({ label, description }) => [label, description])).toEqual([
      ['Boot other.elf', ''],
      ['Boot server/demo/demo.elf', ''],
      ['Boot server/demo/demo.img', 'with symbols of demo.elf'],
    ]);
  });

  test('file names are made whole', () => {
    const [resolver] = activate(bundle).providers;
    const whole = (configuration: object) =>
      resolver.resolveDebugConfigurationWithSubstitutedVariables(undefined, configuration);
    const files = { kernel: 'k.elf', fda: 'a.img', serial: 'file:com1.txt', modules: ['initrd.img root=ram'] };
    expect(whole({ ...files, symbols: ['boot.elf', { file: 'memfs:/x/user.elf', offset: 4096 }] })).toEqual({
      kernel: 'memfs:/project/k.elf',
      fda: 'memfs:/project/a.img',
      serial: 'file:memfs:/project/com1.txt',
      modules: ['memfs:/project/initrd.img root=ram'],
      symbols: ['memfs:/project/boot.elf', { file: 'memfs:/x/user.elf', offset: 4096 }],
    });
    const terminal = { program: '', serial: 'terminal' };
    expect(whole(terminal)).toEqual({ ...terminal, internalConsoleOptions: 'neverOpen' });
    const own = { ...terminal, internalConsoleOptions: 'openOnSessionStart' };
    expect(whole(own)).toEqual(own);
  });

  test('COM1 is a terminal when it should be, and not in the console', async () => {
    const { adapter, terminals } = activate(bundle);
    const { response, event, messages } = clientOf(adapter);
    await response('initialize');
    const program = 'memfs:/project/server/demo/demo.elf';
    expect(await response('launch', { program, serial: 'terminal' })).toMatchObject({ success: true });
    expect(terminals.map(({ name }) => name)).toEqual(['COM1: demo.elf']);
    let screen = '';
    terminals[0].pty.onDidWrite((text) => {
      screen += text;
    });
    await response('configurationDone');
    await event('terminated');
    terminals[0].pty.open();
    terminals[0].pty.handleInput('x');
    expect(screen).toContain('All done, powering off.\r\n');
    expect(JSON.stringify(messages)).not.toContain('All done');
  });

  test('a workspace that is not trusted gets no file and no socket', async () => {
    const { adapter, workspace } = activate(bundle);
    workspace.isTrusted = false;
    const { response } = clientOf(adapter);
    await response('initialize');
    const program = 'memfs:/project/server/demo/demo.elf';
    const reason = bundle === 'extension.js' ? 'this workspace is not trusted' : 'this host cannot';
    expect((await response('launch', { program, gdb: '0' })).message).toContain(reason);
    expect((await response('launch', { program, serial: 'file:/tmp/never' })).message).toContain(reason);
    const refused = bundle === 'extension.js' ? reason : 'this host has no sockets';
    expect((await response('attach', { target: 'localhost:1' })).message).toContain(refused);
    expect(await response('launch', { program })).toMatchObject({ success: true });
    expect(await response('disconnect')).toMatchObject({ success: true });
  });
});
