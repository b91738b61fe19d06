/**
 * Launch configurations without a launch.json: what F5 boots, what the picker and a new launch.json offer;
 * and file names made whole before a session starts.
 */
import * as vscode from 'vscode';
import { activeFile, bootCandidates, isBootable, symbolsBeside } from './boot-candidates.ts';
import { uriOf } from './vscode-host.ts';

export const DEBUG_TYPE = 'trapgate';

type Configuration = vscode.DebugConfiguration;

const ATTACH: Configuration = {
  type: DEBUG_TYPE,
  request: 'attach',
  name: 'Attach to Trapgate',
  target: 'localhost:4711',
};

export const RESOLVER: vscode.DebugConfigurationProvider = {
  resolveDebugConfiguration: (folder, configuration) => complete(folder, configuration),
  resolveDebugConfigurationWithSubstitutedVariables: (_folder, configuration) => located(configuration),
};

/** For a new launch.json. */
export const INITIAL: vscode.DebugConfigurationProvider = {
  provideDebugConfigurations: async (folder) => [...(await candidateConfigurations(folder, 1)), ATTACH],
};

/** For the picker beside the start button. */
export const DYNAMIC: vscode.DebugConfigurationProvider = {
  provideDebugConfigurations: (folder) => candidateConfigurations(folder),
};

function folderUri(folder: vscode.WorkspaceFolder | undefined): vscode.Uri | undefined {
  return folder?.uri ?? vscode.workspace.workspaceFolders?.[0]?.uri;
}

async function candidateConfigurations(
  folder: vscode.WorkspaceFolder | undefined,
  limit = Number.POSITIVE_INFINITY,
): Promise<Configuration[]> {
  const root = folderUri(folder);
  if (root === undefined) return [];
  const inside = (uri: vscode.Uri) => uri.path.slice(root.path.length).replace(/^\//, '');
  const found = (await bootCandidates(root)).slice(0, limit);
  return Promise.all(found.map((uri) => launchOf(uri, inside(uri), (file) => `\${workspaceFolder}/${inside(file)}`)));
}

/**
 * What boots a file, with the symbols that are there for it.
 * @param title how the user is told of the file @param write how files are named in the configuration
 */
export async function launchOf(
  uri: vscode.Uri,
  title = baseName(uri),
  write: (uri: vscode.Uri) => string = fileName,
): Promise<Configuration> {
  const symbols = (await symbolsBeside(uri)).map((file) => ({ file: write(file) }));
  const launch = { type: DEBUG_TYPE, request: 'launch', name: `Boot ${title}`, program: write(uri) };
  return symbols.length === 0 ? launch : { ...launch, symbols };
}

/** F5 without a launch.json: the open image, else the one that is there, else the user's choice. */
async function complete(
  folder: vscode.WorkspaceFolder | undefined,
  configuration: Configuration,
): Promise<Configuration | undefined> {
  if (configuration.type || configuration.request || configuration.name) return configuration;
  const active = activeFile();
  if (active !== undefined && isBootable(active)) return launchOf(active);
  const choices = await candidateConfigurations(folder);
  if (choices.length <= 1) return choices[0] ?? (await nothingFound());
  const picked = await vscode.window.showQuickPick(
    choices.map((choice) => ({ label: choice.name, description: symbolsOf(choice), choice })),
    { placeHolder: 'What to boot' },
  );
  return picked?.choice;
}

function symbolsOf({ symbols }: Configuration): string {
  if (!Array.isArray(symbols)) return '';
  return `with symbols of ${symbols.map(({ file }) => String(file).replace(/.*\//, '')).join(', ')}`;
}

async function nothingFound(): Promise<undefined> {
  await vscode.window.showErrorMessage(
    'Trapgate found no kernel (.elf) and no disk image (.img) in this folder. Build one, or name it in launch.json.',
  );
  return undefined;
}

/**
 * Names files by what VS Code can open: a path on disk, else the URI. The names of source files are made
 * from that of the program, so it must be whole.
 */
function located(configuration: Configuration): Configuration {
  const { symbols, modules } = configuration;
  const whole: Configuration = { ...configuration };
  for (const name of ['program', 'kernel', 'initrd', 'fda', 'hda', 'hdb', 'cdrom'])
    if (name in configuration) whole[name] = locatedFile(configuration[name]);
  if (Array.isArray(symbols))
    whole.symbols = symbols.map((entry) =>
      typeof entry === 'string' ? locatedFile(entry) : { ...entry, file: locatedFile(entry?.file) },
    );
  // Relative to the workspace, too, and not to wherever the extension host runs.
  if (typeof whole.serial === 'string' && whole.serial.startsWith('file:'))
    whole.serial = `file:${locatedFile(whole.serial.slice('file:'.length))}`;
  // The Debug Console would open over the terminal.
  if (whole.serial === 'terminal') whole.internalConsoleOptions ??= 'neverOpen';
  // A module is a file and what it is told.
  if (Array.isArray(modules))
    whole.modules = modules.map((module) => String(module).replace(/^\S+/, (file) => String(locatedFile(file))));
  return whole;
}

function locatedFile(name: unknown): unknown {
  return typeof name === 'string' && name !== '' ? fileName(uriOf(name)) : name;
}

function fileName(uri: vscode.Uri): string {
  return uri.scheme === 'file' ? uri.fsPath : uri.toString();
}

function baseName(uri: vscode.Uri): string {
  return uri.path.slice(uri.path.lastIndexOf('/') + 1);
}
