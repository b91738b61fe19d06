/**
 * An extension for VS Code in a browser, of the tests only: a workspace whose files exist in memory alone. It takes
 * them once from the page's server (`/workspace.json`, path → base64). Nobody may write: a debugger does not have to.
 */
import * as vscode from 'vscode';

export const SCHEME = 'memory';

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

class MemoryFiles implements vscode.FileSystemProvider {
  private readonly changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.changed.event;
  private readonly files: Promise<Map<string, Uint8Array>>;

  constructor(source: string) {
    this.files = fetch(source)
      .then((response) => response.json() as Promise<Record<string, string>>)
      .then((texts) => new Map(Object.entries(texts).map(([name, text]) => [name, bytesOf(text)])));
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => {});
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const bytes = (await this.files).get(uri.path);
    if (bytes !== undefined) return { type: vscode.FileType.File, ctime: 0, mtime: 0, size: bytes.length };
    if ((await this.readDirectory(uri)).length === 0) throw vscode.FileSystemError.FileNotFound(uri);
    return { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 };
  }

  async readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    const folder = uri.path.endsWith('/') ? uri.path : `${uri.path}/`;
    const entries = new Map<string, vscode.FileType>();
    for (const name of (await this.files).keys()) {
      if (!name.startsWith(folder)) continue;
      const [entry, ...below] = name.slice(folder.length).split('/');
      entries.set(entry, below.length === 0 ? vscode.FileType.File : vscode.FileType.Directory);
    }
    return [...entries];
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const bytes = (await this.files).get(uri.path);
    if (bytes === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    return bytes;
  }

  writeFile = readOnly;
  delete = readOnly;
  rename = readOnly;
  createDirectory = readOnly;
}

function readOnly(uri: vscode.Uri): never {
  throw vscode.FileSystemError.NoPermissions(uri);
}

export function activate(context: vscode.ExtensionContext): void {
  const source = context.extensionUri.with({ path: '/workspace.json' }).toString(true);
  const files = vscode.workspace.registerFileSystemProvider(SCHEME, new MemoryFiles(source), { isReadonly: true });
  context.subscriptions.push(files);
}
