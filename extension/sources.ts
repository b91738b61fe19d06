/**
 * File names: those in the debug information against those of the client. A kernel is often built
 * elsewhere, and a browser client names files by URI, so files are matched by their last path components.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { asObject, type Json, text } from './arguments.ts';
import type { Debuggee } from './debuggee.ts';

import { RequestError } from './protocol-error.ts';
import type { FileReader } from './split-files.ts';

export type SourceMap = Readonly<Record<string, string>>;

export class Sources {
  private readonly debuggee: Debuggee;
  private readonly map: SourceMap;
  /** Folder of the program: relative names of the debug information start there. */
  private readonly base: string;
  /** File of the debug information → the name the client itself used for it. */
  private readonly named = new Map<string, string>();

  constructor(debuggee: Debuggee, map: SourceMap, program: string) {
    this.debuggee = debuggee;
    this.map = map;
    this.base = program.replace(/[^/\\]*$/, '');
  }

  files(): string[] {
    return [...new Set(this.debuggee.images.flatMap((image) => [...image.files()]))];
  }

  /** The files of the debug information that a client's path means: usually one, none if unknown. */
  resolve(clientPath: string): string[] {
    const files = this.files();
    const unmapped = this.unmap(clientPath);
    const wanted = components(unmapped);
    let best = 0;
    let found: string[] = [];
    for (const file of files) {
      const shared = sharedTail(components(file), wanted);
      if (shared === 0 || shared < best) continue;
      if (shared > best) found = [];
      best = shared;
      found.push(file);
    }
    for (const file of found) this.named.set(file, clientPath);
    return found;
  }

  /** What the client is shown for a file of the debug information. */
  present(file: string): DebugProtocol.Source {
    return { name: components(file).at(-1) ?? file, path: this.named.get(file) ?? this.toClient(file) };
  }

  private toClient(file: string): string {
    for (const [from, to] of Object.entries(this.map)) {
      if (isUnder(file, from)) return joined(to, file.slice(from.length));
    }
    return isAbsolute(file) ? file : joined(this.base, file);
  }

  private unmap(path: string): string {
    for (const [from, to] of Object.entries(this.map)) {
      if (isUnder(path, to)) return joined(from, path.slice(to.length));
    }
    return path;
  }
}

/** The text of a file, for a client that cannot read it. */
export async function sourceContents(args: Json, host: FileReader): Promise<DebugProtocol.SourceResponse['body']> {
  const path = text(asObject(args.source).path);
  if (path === '') throw new RequestError('the request names no source');
  return { content: new TextDecoder().decode(await host.readFile(path)), mimeType: 'text/plain' };
}

function components(path: string): string[] {
  // `scheme://host/a/b`, `scheme:/a/b` and `C:\a\b` all end in the same components.
  const parts: string[] = [];
  for (const part of path.split(/[/\\]+/)) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts;
}

function sharedTail(left: readonly string[], right: readonly string[]): number {
  let shared = 0;
  while (shared < left.length && shared < right.length && left.at(-1 - shared) === right.at(-1 - shared)) shared++;
  return shared;
}

function isUnder(path: string, folder: string): boolean {
  return (
    folder !== '' &&
    path.startsWith(folder) &&
    (path.length === folder.length || /[/\\]$/.test(folder) || /^[/\\]/.test(path.slice(folder.length)))
  );
}

function isAbsolute(path: string): boolean {
  return /^([/\\]|[A-Za-z]:[/\\]|[A-Za-z][A-Za-z0-9+.-]+:\/)/.test(path);
}

function joined(folder: string, rest: string): string {
  if (folder === '' || rest === '') return folder + rest;
  return `${folder.replace(/[/\\]$/, '')}/${rest.replace(/^[/\\]/, '').replace(/^\.\//, '')}`;
}
