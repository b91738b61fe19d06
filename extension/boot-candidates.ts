/** What in a workspace looks like something to boot, for starting without a launch.json. Works on any file system. */
import * as vscode from 'vscode';

/** By name only: contents are looked at when the machine boots. */
const BOOTABLE = /\.(elf|img|ima|flp|dsk|hdd)$|^(kernel|gnumach)(\.bin)?$/i;
/** A disk image has no symbols of its own. */
const IMAGE = /\.(img|ima|flp|dsk|hdd)$/i;
const SYMBOLS = /\.elf$/i;
const SKIPPED = /^(\..*|node_modules)$/;
const MAX_DEPTH = 3;
const MAX_FOLDERS = 200;
const MAX_CANDIDATES = 20;
const MAX_SYMBOL_FILES = 8;

export function isBootable(uri: vscode.Uri): boolean {
  return BOOTABLE.test(uri.path.slice(uri.path.lastIndexOf('/') + 1));
}

/** The file of the active tab, text or not. */
export function activeFile(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input as { readonly uri?: vscode.Uri } | undefined;
  return input?.uri ?? vscode.window.activeTextEditor?.document.uri;
}

/** Candidates below `folder`, those nearest to the active file first. */
export async function bootCandidates(folder: vscode.Uri): Promise<vscode.Uri[]> {
  const found: vscode.Uri[] = [];
  const waiting = [{ uri: folder, depth: 0 }];
  for (let visited = 0; visited < MAX_FOLDERS && found.length < MAX_CANDIDATES; visited++) {
    const next = waiting.shift();
    if (next === undefined) break;
    for (const [name, type] of await list(next.uri)) {
      const uri = vscode.Uri.joinPath(next.uri, name);
      if (type & vscode.FileType.Directory) {
        if (next.depth < MAX_DEPTH && !SKIPPED.test(name)) waiting.push({ uri, depth: next.depth + 1 });
      } else if (isBootable(uri)) found.push(uri);
    }
  }
  const near = activeFile()?.path.replace(/[^/]*$/, '');
  const distance = (uri: vscode.Uri) => (near !== undefined && uri.path.startsWith(near) ? 0 : 1);
  return found.slice(0, MAX_CANDIDATES).sort((a, b) => distance(a) - distance(b));
}

/** ELF files beside a disk image: what is on a disk is usually built next to it. */
export async function symbolsBeside(image: vscode.Uri): Promise<vscode.Uri[]> {
  if (!IMAGE.test(image.path)) return [];
  const folder = image.with({ path: image.path.replace(/\/[^/]*$/, '') });
  const names = (await list(folder)).filter(
    ([name, type]) => SYMBOLS.test(name) && !(type & vscode.FileType.Directory),
  );
  return names.slice(0, MAX_SYMBOL_FILES).map(([name]) => vscode.Uri.joinPath(folder, name));
}

async function list(folder: vscode.Uri): Promise<[string, vscode.FileType][]> {
  try {
    return (await vscode.workspace.fs.readDirectory(folder)).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  } catch {
    // A folder that cannot be read has no candidates.
    return [];
  }
}
