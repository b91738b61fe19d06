/** Launch and attach configurations: what is described in package.json, what is accepted, what is refused and how. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { attachConfiguration, launchConfiguration } from '../../../extension/configuration.ts';

interface Attribute {
  readonly type?: string;
  readonly default?: unknown;
  readonly markdownDescription?: string;
}
interface Manifest {
  readonly engines: { readonly vscode: string };
  readonly contributes: {
    readonly breakpoints: readonly { readonly language: string }[];
    readonly debuggers: readonly {
      readonly languages: readonly string[];
      readonly configurationAttributes: Readonly<
        Record<'launch' | 'attach', { readonly properties: Readonly<Record<string, Attribute>> }>
      >;
      readonly configurationSnippets: readonly {
        readonly label: string;
        readonly description: string;
        readonly body: Readonly<Record<string, unknown>>;
      }[];
    }[];
  };
}
const root = path.resolve(import.meta.dirname, '../../..');
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Manifest;
const [{ configurationAttributes, configurationSnippets, languages }] = manifest.contributes.debuggers;
const { launch, attach } = configurationAttributes;
/** What scripts and users rely on. */
const LAUNCH =
  'program kernel initrd append modules bios fda hda hdb cdrom boot memory smp cpu vga net symbols sourceMap ' +
  'stopOnEntry serial gdb onReset maxInstructions';
const ATTACH = 'target program symbols sourceMap stopOnEntry';

describe('package.json', () => {
  it('describes every attribute', () => {
    expect(Object.keys(launch.properties).sort()).toEqual(LAUNCH.split(' ').sort());
    expect(Object.keys(attach.properties).sort()).toEqual(ATTACH.split(' ').sort());
    for (const { properties } of [launch, attach])
      for (const [name, { type, markdownDescription }] of Object.entries(properties)) {
        expect(type, name).toBeDefined();
        expect(markdownDescription, name).toMatch(/\S.*[.`}]$/);
      }
  });

  it('has the defaults that a configuration has', () => {
    const made: Readonly<Record<string, unknown>> = { ...launchConfiguration({ program: 'k' }), serial: 'console' };
    const shown = Object.entries(launch.properties).filter(([name, one]) => one.default !== undefined && name in made);
    expect(shown.map(([name]) => name).sort()).toEqual(
      'maxInstructions memory onReset serial stopOnEntry symbols vga'.split(' '),
    );
    for (const [name, one] of shown) expect(one.default, name).toEqual(made[name]);
    expect(attach.properties.stopOnEntry.default).toBe(attachConfiguration({ target: 'x' }).stopOnEntry);
  });

  it('has snippets that are configurations', () => {
    expect(configurationSnippets.map(({ label }) => label)).toHaveLength(4);
    for (const { label, body } of configurationSnippets) {
      const { type, request, name, ...own } = body;
      expect([type, typeof name]).toEqual(['trapgate', 'string']);
      if (request === 'attach') expect(attachConfiguration(own).target, label).not.toBe('');
      else expect(() => launchConfiguration(own), label).not.toThrow();
      const known = request === 'attach' ? attach : launch;
      for (const attribute of Object.keys(own)) expect(known.properties, label).toHaveProperty(attribute);
    }
  });

  it('lets breakpoints be set in every language that it debugs', () => {
    const breakpoints = manifest.contributes.breakpoints.map(({ language }) => language);
    expect(breakpoints).toEqual(expect.arrayContaining(['c', 'cpp', 'rust', 'asm', 'nasm']));
    expect([...languages].sort()).toEqual([...breakpoints].sort());
    expect(manifest.engines.vscode).toBe('^1.90.0');
  });
});

describe('a launch configuration', () => {
  it.each([
    [{ modules: 'initrd.img' }, '"modules" is "initrd.img" (a list of strings)'],
    [{ append: 5 }, '"append" is 5 (a string)'],
    [{ kernel: {} }, '"kernel" is {} (a string)'],
    [{ stopOnEntry: 'yes' }, '"stopOnEntry" is "yes" (true or false)'],
    [{ sourceMap: { from: 1 } }, '"sourceMap" is {"from":1} ({ "from": "to" })'],
    [{ sourceMap: ['a'] }, '"sourceMap" is ["a"]'],
    [{ symbols: 'boot.elf' }, '"symbols" is "boot.elf" (a list of'],
    [{ symbols: [5] }, 'an entry of "symbols" names no file'],
    [{ symbols: [{ file: 'a', offset: 'high' }] }, '"offset" is "high" (a number, or "0x100000")'],
    [{ memory: '128' }, '"memory" is "128" (a whole number from 1 to 2048)'],
    [{ maxInstructions: -1 }, '"maxInstructions" is -1'],
    [{ vga: 'cga' }, '"vga" is "cga" (one of std, none)'],
    [{ onReset: 'explode' }, '"onReset" is "explode" (one of stop, reboot)'],
    [{ net: 'ne2k' }, 'not supported yet: net ne2k'],
    [{ bios: 'x' }, 'not supported yet: bios'],
    [{ initrd: 'x' }, 'not supported yet: initrd'],
    [{ cpu: '486' }, 'not supported yet: cpu'],
    [{ boot: 'd' }, 'not supported yet: boot d'],
  ])('%j is refused in a line', (configuration, line) => {
    let said = '';
    try {
      launchConfiguration({ program: 'k', ...configuration });
    } catch (error) {
      said = (error as { line?: string }).line ?? String(error);
    }
    expect(said).toContain(line);
    expect(said).not.toContain('\n');
  });

  it('takes an offset in hexadecimal, which JSON does not have, and a port as a number', () => {
    const symbols = [{ file: 'a', offset: '0xc0000000' }, 'b', { file: 'c', offset: -4096 }];
    expect(launchConfiguration({ program: 'k', symbols, gdb: 1234, boot: '', kernel: '' })).toMatchObject({
      boots: 'k',
      symbols: [
        { file: 'a', offset: 0xc0000000 },
        { file: 'b', offset: 0 },
        { file: 'c', offset: -4096 },
      ],
      gdb: '1234',
    });
  });
});
