/** Debian's Chromium without a window, driven by playwright-core, which is not there when types are checked. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** The part of playwright's Locator in use; times are in milliseconds. */
export interface Locator {
  first(): Locator;
  or(other: Locator): Locator;
  locator(selector: string, options?: { hasText?: string | RegExp }): Locator;
  waitFor(options?: { state?: 'visible' | 'hidden'; timeout?: number }): Promise<void>;
  click(options?: { timeout?: number }): Promise<void>;
  dblclick(options?: { timeout?: number }): Promise<void>;
  fill(text: string, options?: { timeout?: number }): Promise<void>;
  press(key: string, options?: { timeout?: number }): Promise<void>;
  allInnerTexts(): Promise<string[]>;
  count(): Promise<number>;
}

export interface Page {
  goto(url: string, options: { waitUntil: 'domcontentloaded'; timeout: number }): Promise<unknown>;
  locator(selector: string, options?: { hasText?: string | RegExp }): Locator;
  screenshot(options: { path: string; timeout: number }): Promise<unknown>;
  setDefaultTimeout(milliseconds: number): void;
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void;
  readonly keyboard: { press(key: string): Promise<void> };
}

interface Browser {
  newPage(options: { viewport: { width: number; height: number } }): Promise<Page>;
  close(): Promise<void>;
}

interface Playwright {
  readonly chromium: {
    launch(options: { executablePath: string; args: string[]; timeout: number }): Promise<Browser>;
  };
}

const CHROMIUM = '/usr/bin/chromium';
const START_LIMIT = 120_000;
/** Tall, so that lists of VS Code, which draw what is visible only, hold all rows. */
const VIEWPORT = { width: 1600, height: 1400 };

/**
 * Runs `use` on an empty page and ends the browser whatever happens, after `limit` milliseconds at the latest.
 * What the page says goes to console.log in `folder`.
 */
export async function withPage<T>(
  installed: string,
  folder: string,
  limit: number,
  use: (page: Page) => Promise<T>,
): Promise<T> {
  const { chromium } = createRequire(path.join(installed, 'x.js'))('playwright-core') as Playwright;
  const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
  const browser = await chromium.launch({ executablePath: CHROMIUM, args, timeout: START_LIMIT });
  let late = false;
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= browser.close();
    return closing;
  };
  // With the browser gone every wait of `use` fails.
  const clock = setTimeout(() => {
    late = true;
    void close();
  }, limit);
  try {
    const page = await browser.newPage({ viewport: VIEWPORT });
    mkdirSync(folder, { recursive: true });
    const log = path.join(folder, 'console.log');
    page.on('console', (message) => appendFileSync(log, `${message.type()} ${message.text()}\n`));
    return await use(page);
  } catch (error) {
    if (late) throw new Error(`not done after ${limit / 1000} s`, { cause: error });
    throw error;
  } finally {
    clearTimeout(clock);
    await close();
  }
}
