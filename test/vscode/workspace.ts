/** The folder that VS Code opens: the demo's sources and images in one folder and, where it is wanted, a launch.json. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const DEMO = 'server/demo';

const LAUNCH = {
  version: '0.2.0',
  configurations: [
    {
      type: 'trapgate',
      request: 'launch',
      name: 'Demo',
      program: `\${workspaceFolder}/${DEMO}/demo.elf`,
      internalConsoleOptions: 'openOnSessionStart',
    },
  ],
};

/** What keeps VS Code from asking questions of its own. */
export const SETTINGS: Readonly<Record<string, unknown>> = {
  'security.workspace.trust.enabled': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'explorer.autoReveal': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'chat.disableAIFeatures': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
};

/** Path in the workspace → its bytes. */
export function workspaceFiles(hasLaunchJson: boolean): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const entry of readdirSync(path.join(root, DEMO), { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    files.set(`${DEMO}/${entry.name}`, readFileSync(path.join(root, DEMO, entry.name)));
  }
  files.set(`${DEMO}/demo.img`, readFileSync(path.join(root, 'dist/demo.img')));
  if (hasLaunchJson) files.set('.vscode/launch.json', Buffer.from(JSON.stringify(LAUNCH, undefined, 2)));
  return files;
}

/** Writes the workspace to a folder of its own. */
export function writeWorkspace(folder: string, hasLaunchJson: boolean): void {
  rmSync(folder, { recursive: true, force: true });
  for (const [name, bytes] of workspaceFiles(hasLaunchJson)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
}

/** Number of the first line of a source of the demo that holds this text, from 1. */
export function lineOf(source: string, text: string): number {
  const lines = readFileSync(path.join(root, DEMO, source), 'utf8').split('\n');
  const found = lines.findIndex((line) => line.includes(text));
  if (found < 0) throw new Error(`${source} has no line with ${text}`);
  return found + 1;
}
