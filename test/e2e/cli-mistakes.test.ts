/** Bad input: one clear line and the right exit status, never a stack trace. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { guestImage, guestPath } from '../guests/build.ts';
import { lastJson, trapgate, workFile } from './command.ts';

const good = guestPath('hello-serial');

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(workFile(name), content);
  return workFile(name);
}

function folder(name: string): string {
  mkdirSync(workFile(name), { recursive: true });
  return workFile(name);
}

const mistakes: [what: string, args: () => string[], line: RegExp][] = [
  ['no arguments', () => [], /no command/],
  ['no image', () => ['run'], /nothing to boot/],
  ['a missing image', () => ['run', 'nowhere.elf'], /cannot read image nowhere.elf: no such file/],
  ['a folder as image', () => ['run', folder('folder')], /it is a directory/],
  ['an empty image', () => ['run', file('empty', '')], /empty/],
  ['a text as image', () => ['run', file('text.txt', 'hello')], /no image that can be booted/],
  ['a truncated image', () => ['run', file('cut.elf', guestImage('hello-serial').subarray(0, 4500))], /cut\.elf: /],
  ['an image too large for memory', () => ['run', good, '--mem', '1'], /--mem/],
  ['a missing module', () => ['run', good, '--module', 'nowhere.bin'], /cannot read module nowhere.bin/],
  ['a missing scenario', () => ['run', good, '--scenario', 'nowhere'], /cannot read scenario nowhere/],
  [
    'a bad scenario',
    () => ['run', good, '--scenario', file('bad.steps', 'serial ok\ndance\n')],
    /bad\.steps:2: unknown step 'dance'/,
  ],
  [
    'an output that cannot be written',
    () => ['run', good, '--serial-out', '/nowhere/out'],
    /cannot write \/nowhere\/out/,
  ],
  ['a picture that cannot be written', () => ['run', good, '--shot', folder('folder')], /cannot write .*folder/],
  ['an unknown option', () => ['run', good, '--fast'], /unknown option '--fast'/],
  ['an impossible number', () => ['run', good, '--mem', 'lots'], /1 to 2048/],
  ['a later option', () => ['run', good, '--cdrom', 'disk.iso'], /^trapgate: not supported yet: --cdrom$/m],
  ['a later image kind', () => ['run', file('disc.iso', isoImage())], /not supported yet: /],
];

function isoImage(): Uint8Array {
  const image = new Uint8Array(0x9000);
  image.set(
    [...'CD001'].map((character) => character.charCodeAt(0)),
    0x8001,
  );
  return image;
}

describe('a mistake of the user', () => {
  it.each(mistakes)('%s', async (_, args, line) => {
    const result = await trapgate(args());
    expect(result.stderr).toMatch(line);
    expect(result.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(result).toMatchObject({ status: 2, stdout: '' });
  });

  it('is also told as JSON', async () => {
    const result = await trapgate(['run', 'nowhere.elf', '--json']);
    expect(lastJson(result)).toMatchObject({ reason: 'error', status: 2 });
  });
});
