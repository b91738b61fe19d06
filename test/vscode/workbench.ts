/**
 * VS Code's window as a user has it: only the keyboard, the mouse and what is on the screen are used, and every step
 * waits for what the one before it shows, however slow the machine is.
 */
import type { Locator, Page } from './browser.ts';

/** For the workbench to come up on an empty profile. */
const START_LIMIT = 180_000;
const LIMIT = 60_000;
/** Before something is tried again. */
const SHORT = 10_000;
/** VS Code's classes for the colours of a theme. */
const MOST_STYLES = 30;

/** VS Code's window by the class names of its parts, which hold from 1.91 to 1.100. */
export class Workbench {
  private readonly page: Page;
  private readonly frames: Locator;
  private readonly variables: Locator;
  private readonly toolbar: Locator;
  private readonly input: Locator;

  constructor(page: Page) {
    this.page = page;
    this.frames = page.locator('.debug-call-stack .monaco-list-row');
    this.variables = page.locator('.debug-variables');
    this.toolbar = page.locator('.debug-toolbar');
    this.input = page.locator('.quick-input-widget:visible input[type=text]');
  }

  async open(url: string): Promise<void> {
    await this.page.goto(url, { waitUntil: 'domcontentloaded', timeout: START_LIMIT });
    await this.page.locator('.monaco-workbench').waitFor({ timeout: START_LIMIT });
    await this.row('server').waitFor({ timeout: START_LIMIT });
  }

  /** Opens a source of the demo. */
  async openSource(name: string): Promise<void> {
    if ((await this.row(name).count()) === 0) {
      await this.page.keyboard.press('Control+Shift+E');
      // A click that comes before the tree is ready is lost.
      await until('the folder opens', LIMIT, async () => {
        if (await appears(this.row(name), PAUSE)) return true;
        await this.row('server').click();
        return appears(this.row(name), SHORT);
      });
    }
    await this.row(name).dblclick();
    await this.page.locator('.tab.active', { hasText: name }).waitFor();
    await this.page.locator('.monaco-editor .view-line').first().waitFor();
  }

  async setBreakpoint(line: number): Promise<void> {
    const place = this.page.locator('.statusbar-item', { hasText: `Ln ${line},` });
    await until(`the cursor is in line ${line}`, LIMIT, async () => {
      if (!(await this.ask('Control+G', `:${line}`))) return false;
      return (await done(this.input.press('Enter', { timeout: SHORT }))) && appears(place, SHORT);
    });
    await until(`a breakpoint in line ${line}`, LIMIT, async () => {
      await this.page.locator('.monaco-editor.focused').first().waitFor();
      await this.page.keyboard.press('F9');
      return appears(this.page.locator('.monaco-editor .codicon-debug-breakpoint').first(), SHORT);
    });
  }

  /** How many colours the editor on top has text in; one means that it is plain. */
  async colours(): Promise<number> {
    const tokens = (style: number) => this.page.locator(`.monaco-editor .view-line .mtk${style}`);
    let found = 0;
    for (let style = 1; style <= MOST_STYLES; style++) if ((await tokens(style).count()) > 0) found++;
    return found;
  }

  /** F5; `choice` is taken when VS Code or the extension asks what to start. */
  async start(choice?: string): Promise<void> {
    const dialog = this.page.locator('.monaco-dialog-box');
    const asked = choice === undefined ? dialog : this.choice(choice);
    await until('the session starts', START_LIMIT, async () => {
      await this.page.keyboard.press('F5');
      await appears(this.toolbar.or(dialog).or(asked).first(), LIMIT);
      if ((await dialog.count()) === 0) return true;
      // Before the extensions are read, VS Code does not know the debugger.
      await this.page.keyboard.press('Escape');
      return false;
    });
    if (choice === undefined) return;
    await asked.click();
    await this.toolbar.waitFor();
  }

  /** Starts what the extension itself offers beside launch.json. */
  async startOffered(choice: string): Promise<void> {
    await this.command('Debug: Select and Start Debugging', this.choice('Trapgate...'));
    await this.choice('Trapgate...').click();
    await this.choice(choice).click();
    await this.toolbar.waitFor();
  }

  /** Waits for a stop in that line of a function and answers the call stack. */
  async stoppedAt(name: string, line: number): Promise<string> {
    await this.frames.locator(':scope', { hasText: name }).first().waitFor();
    const text = () => textOf(this.page.locator('.debug-call-stack'));
    await until(`a stop at line ${line}`, LIMIT, async () => (await text()).includes(`${line}:`));
    // Keys are for the stopped guest only when the buttons are.
    await this.toolbar.locator('.codicon-debug-step-over:not(.disabled)').first().waitFor();
    // VS Code asks for the first frame, and a little later for the rest; when it stops again in between, it offers them.
    const more = this.page.locator('.debug-call-stack .monaco-list-row', { hasText: 'Load More' }).first();
    await until('the whole call stack', LIMIT, async () => {
      if (await done(more.waitFor({ state: 'hidden', timeout: 10 * PAUSE }))) return true;
      await done(more.click({ timeout: SHORT }));
      return false;
    });
    return text();
  }

  /** Opens a scope until it shows a variable and answers the text of all that are open. */
  async scope(name: string, variable: string): Promise<string> {
    const row = this.scopeRow(name);
    await row.waitFor();
    await until(`${name} shows ${variable}`, LIMIT, async () => {
      if (await appears(this.variables.locator('.monaco-list-row', { hasText: variable }).first(), SHORT)) return true;
      await row.click();
      return false;
    });
    return textOf(this.variables);
  }

  async closeScope(name: string): Promise<void> {
    await this.scopeRow(name).click();
  }

  async stepOver(): Promise<void> {
    await this.page.keyboard.press('F10');
  }

  /** By the command palette, again until `shown` appears: the palette does not learn of commands that come late. */
  async command(title: string, shown: Locator): Promise<void> {
    await until(`the command ${title}`, LIMIT, async () => {
      if (!(await this.ask('F1', `>${title}`))) return false;
      return (await done(this.choice(title).click({ timeout: SHORT }))) && appears(shown, SHORT);
    });
  }

  /** Fills VS Code's line of questions, which goes away when anything else takes the focus. */
  private async ask(key: string, text: string): Promise<boolean> {
    await this.page.keyboard.press(key);
    return done(this.input.fill(text, { timeout: SHORT }));
  }

  async disassemblyWith(text: string): Promise<string> {
    // The view is a table in the place of an editor; other parts of the window have tables, too.
    const view = this.page.locator('.editor-instance .monaco-table');
    const row = view.locator('.monaco-table-tr', { hasText: text }).first();
    await this.command('Open Disassembly View', row);
    return textOf(view);
  }

  /** Closes what is on top, until the file `below` is. */
  async closeEditor(below: string): Promise<void> {
    await this.command('View: Close Editor', this.page.locator('.tab.active', { hasText: below }));
  }

  /** Waits until the Debug Console shows a text and answers what it shows. */
  async consoleWith(text: string): Promise<string> {
    const shown = () => textOf(this.page.locator('.repl'));
    await until(`the Debug Console shows "${text}"`, LIMIT, async () => (await shown()).includes(text));
    return shown();
  }

  async goOn(): Promise<void> {
    await this.page.keyboard.press('F5');
  }

  async continueToEnd(): Promise<void> {
    await this.goOn();
    await this.toolbar.waitFor({ state: 'hidden' });
  }

  /** A row of the Explorer. */
  private row(text: string): Locator {
    return this.page.locator('.explorer-folders-view .monaco-list-row', { hasText: text }).first();
  }

  private choice(text: string): Locator {
    return this.page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first();
  }

  private scopeRow(name: string): Locator {
    return this.variables.locator('.monaco-list-row[aria-level="1"]', { hasText: name }).first();
  }
}

/** What stands in the elements at this moment. */
async function textOf(what: Locator): Promise<string> {
  return (await what.allInnerTexts()).join('\n');
}

function appears(what: Locator, timeout: number): Promise<boolean> {
  return done(what.waitFor({ timeout }));
}

/** Whether it worked out. */
function done(action: Promise<unknown>): Promise<boolean> {
  return action.then(
    () => true,
    () => false,
  );
}

const PAUSE = 200;

/** @throws Error that names what did not come */
async function until(what: string, limit: number, holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + limit;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`this did not come within ${limit / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
