/** Several symbol files in one session: a boot sector, a kernel, and a program that runs elsewhere than it is linked. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { guestPath, stages, tool, workFolder } from '../guests/build.ts';
import { compileGuest } from '../guests/compile.ts';
import { realSession } from './dap-real.ts';

const GUESTS = path.resolve(import.meta.dirname, '../guests');

/** The line of a guest's source that holds `text`. */
function lineOf(file: string, text: string): number {
  return (
    readFileSync(path.join(GUESTS, file), 'utf8')
      .split('\n')
      .findIndex((line) => line.includes(text)) + 1
  );
}

interface Frame {
  readonly id: number;
  readonly name: string;
  readonly line: number;
  readonly source?: { readonly name: string };
  readonly moduleId?: number;
}

test('breakpoints, frames and values in each of three programs', async () => {
  const { disk, boot, kernel, user, userOffset } = stages();
  const { session, response, event } = await realSession();
  const initialized = event('initialized');
  const symbols = [boot, { file: user, offset: userOffset }];
  const launch = await response('launch', { fda: disk, program: kernel, symbols });
  expect(launch).toMatchObject({ success: true });
  await initialized;
  const places = [
    ['stages-boot.S', lineOf('stages-boot.S', 'int $0x13')],
    ['stages-kernel.c', lineOf('stages-kernel.c', 'answer = ')],
    ['stages-user.c', lineOf('stages-user.c', 'int area')],
  ] as const;
  for (const [name, line] of places) {
    const source = { path: path.join(GUESTS, name) };
    const { breakpoints } = (await response('setBreakpoints', { source, breakpoints: [{ line }] })).body;
    expect(breakpoints).toMatchObject([{ verified: true, line }]);
  }
  const stopAfter = async (command: string): Promise<Frame[]> => {
    const stopped = event('stopped');
    await response(command, { threadId: 1 });
    expect(await stopped).toMatchObject({ body: { reason: expect.stringMatching(/breakpoint|step/) } });
    return (await response('stackTrace', { threadId: 1 })).body.stackFrames;
  };
  const evaluated = async (expression: string, frameId = 1) =>
    (await response('evaluate', { expression, frameId, context: 'watch' })).body.result;

  const [inBoot] = await stopAfter('configurationDone');
  expect(inBoot).toMatchObject({ name: 'read', line: places[0][1], source: { name: 'stages-boot.S' }, moduleId: 2 });

  const inKernel = await stopAfter('continue');
  expect(inKernel[0]).toMatchObject({ name: 'kernel_start', line: places[1][1], moduleId: 1 });
  expect(inKernel[1]).toMatchObject({ name: 'protected', source: { name: 'stages-boot.S' }, moduleId: 2 });
  expect(await evaluated('round')).toBe('1');

  const inUser = await stopAfter('continue');
  expect(inUser.slice(0, 3)).toMatchObject([
    { name: 'square', line: places[2][1], source: { name: 'stages-user.c' }, moduleId: 3 },
    { name: 'user_start', source: { name: 'stages-user.c' }, moduleId: 3 },
    { name: 'kernel_start', source: { name: 'stages-kernel.c' }, moduleId: 1 },
  ]);
  expect(await evaluated('side')).toBe('10');
  expect(await evaluated('seed + i', 2)).toBe('10');
  expect(await evaluated('round', 3)).toBe('1');
  expect(await evaluated('user_start')).toMatch(/^0x00400000 <user_start>/);

  // A step stays in the program that is loaded elsewhere, and goes back from there.
  expect((await stopAfter('next'))[0]).toMatchObject({ name: 'square', line: lineOf('stages-user.c', 'return area') });
  expect(await evaluated('area')).toBe('100');
  expect((await stopAfter('stepOut'))[0]).toMatchObject({ name: 'user_start' });
  await response('setFunctionBreakpoints', { breakpoints: [{ name: 'user_start' }] });
  for (const [name] of places)
    await response('setBreakpoints', { source: { path: path.join(GUESTS, name) }, breakpoints: [] });
  expect((await stopAfter('continue'))[0]).toMatchObject({ name: 'user_start', moduleId: 3 });
  expect(await evaluated('seed')).toBe('20');
  const { modules } = (await response('modules')).body;
  expect((modules as { name: string }[]).map(({ name }) => name)).toEqual(
    [kernel, boot, user].map((file) => path.basename(file)),
  );
  session.dispose();
});

test('symbols that come and go are told of, and breakpoints follow them', async () => {
  const { disk, kernel, user, userOffset } = stages();
  const events: { event: string; body: Record<string, unknown> }[] = [];
  const { session, response, event } = await realSession((message) => {
    const heard = message as unknown as (typeof events)[number];
    if (['module', 'loadedSource', 'breakpoint'].includes(heard.event)) events.push(heard);
  });
  await response('launch', { fda: disk, program: kernel });
  const source = { path: path.join(GUESTS, 'stages-user.c') };
  const line = lineOf('stages-user.c', 'int area');
  const [early] = (await response('setBreakpoints', { source, breakpoints: [{ line, hitCondition: '2' }] })).body
    .breakpoints;
  expect(early).toMatchObject({ verified: false });
  await response('setFunctionBreakpoints', { breakpoints: [{ name: 'kernel_start' }, { name: 'user_start' }] });
  const first = event('stopped');
  await response('configurationDone');
  await first;

  const console = (expression: string) => response('evaluate', { expression, context: 'repl' });
  const offset = `0x400000 - 0x${(0x40_0000 - userOffset).toString(16)}`;
  expect((await console(`add-symbol-file ${user} -o ${offset}`)).body.result).toBe(`symbols of ${user} added`);
  const module = { id: 2, name: path.basename(user), path: user };
  expect(events.splice(0)).toMatchObject([
    { event: 'module', body: { reason: 'new', module } },
    { event: 'loadedSource', body: { reason: 'new', source: { name: 'stages-user.c' } } },
    { event: 'breakpoint', body: { reason: 'changed', breakpoint: { id: early.id, verified: true, line } } },
    { event: 'breakpoint', body: { reason: 'changed', breakpoint: { verified: true, line: expect.any(Number) } } },
  ]);
  const names: string[] = [];
  for (let stop = 0; stop < 2; stop++) {
    const stopped = event('stopped');
    await response('continue', { threadId: 1 });
    await stopped;
    names.push((await response('stackTrace', { threadId: 1 })).body.stackFrames[0].name);
  }
  // The second call of `square`, because of the hit condition.
  expect(names).toEqual(['user_start', 'square']);
  expect((await console('side')).body.result).toBe('11');

  expect((await response('trapgate/removeSymbols', { file: path.basename(user) })).body.module).toMatchObject(module);
  expect(events.splice(0)).toMatchObject([
    { event: 'module', body: { reason: 'removed', module: { id: 2 } } },
    { event: 'loadedSource', body: { reason: 'removed', source: { name: 'stages-user.c' } } },
    { event: 'breakpoint', body: { reason: 'changed', breakpoint: { id: early.id, verified: false } } },
    { event: 'breakpoint', body: { reason: 'changed', breakpoint: { verified: false } } },
  ]);
  expect((await response('stackTrace', { threadId: 1 })).body.stackFrames[0].name).toMatch(/^0x/);
  expect((await response('modules')).body.modules).toMatchObject([{ id: 1, name: path.basename(kernel) }]);
  expect((await response('trapgate/addSymbols', { file: user, offset: userOffset })).body.module).toMatchObject({
    id: 3,
  });
  for (const wrong of ['remove-symbol-file nothing.elf', 'add-symbol-file nothing.elf'])
    expect((await console(wrong)).message).toMatch(/there are no symbols of|cannot read the symbol file/);
  session.dispose();
});

/** What the console says at a launch. */
async function saidAtLaunch(configuration: object): Promise<string> {
  let said = '';
  const { session, response } = await realSession((message) => {
    const { event, body } = message as { event?: string; body?: { output?: string } };
    if (event === 'output') said += body?.output ?? '';
  });
  expect((await response('launch', configuration)).success).toBe(true);
  session.dispose();
  return said;
}

test('a symbol file that is not that of the image is told of at launch', async () => {
  const other = compileGuest('shapes.c', 'match-other', { compiler: 'gcc', version: 5, level: 1 });
  const image = compileGuest('shapes.c', 'match', { compiler: 'gcc', version: 5, level: 2 });
  const stripped = path.join(workFolder(), 'match-stripped.elf');
  tool('objcopy', ['--strip-debug', image, stripped]);
  expect(await saidAtLaunch({ program: image, kernel: stripped })).not.toContain('does not match');
  expect(await saidAtLaunch({ program: other, kernel: stripped })).toMatch(
    /match-other\.elf does not match the image that is booted: its code differs at 0x[0-9a-f]+\. It is of another build/,
  );
  // Elsewhere there is no code of the image: it is a program that the image loads.
  const apart = { file: other, offset: 0x100_0000 };
  expect(await saidAtLaunch({ program: image, symbols: [apart] })).not.toContain('does not match');
  expect(await saidAtLaunch({ program: image, symbols: [guestPath('hello-serial')] })).toContain('does not match');
});

test('a build-id decides where both have one', async () => {
  compileGuest('shapes.c', 'match-id', { compiler: 'gcc', version: 5, level: 2 });
  const objects = ['match-id-debuggee.o', 'match-id-memory.o', 'match-id-c.o'].map((name) =>
    path.join(workFolder(), name),
  );
  const linked = (id: string): string => {
    const out = path.join(workFolder(), `match-${id}.elf`);
    const script = path.join(workFolder(), 'with-note.ld');
    const plain = readFileSync(path.join(GUESTS, 'default.ld'), 'utf8');
    writeFileSync(
      script,
      plain.replace('.data ALIGN', '.note.gnu.build-id : { *(.note.gnu.build-id) }\n  .data ALIGN'),
    );
    tool('ld', ['-m', 'elf_i386', `--build-id=0x${id}`, '-z', 'noexecstack', '-T', script, '-o', out, ...objects]);
    return out;
  };
  const [one, two] = [linked('11223344'), linked('55667788')];
  expect(await saidAtLaunch({ program: two, kernel: one })).toContain('its build-id is another');
  const debugOnly = path.join(workFolder(), 'match-id.debug');
  tool('objcopy', ['--only-keep-debug', one, debugOnly]);
  expect(await saidAtLaunch({ program: debugOnly, kernel: one })).not.toContain('does not match');
  expect(await saidAtLaunch({ program: debugOnly, kernel: two })).toContain('its build-id is another');
});
