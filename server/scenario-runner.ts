/**
 * Carries out a scenario inside the run loop. It acts only between instructions, at steps and ticks that
 * the guest's own behaviour fixes, so the same scenario gives the same run every time: text matches at the
 * step that emits the byte, screens are looked at every 10 ms of guest time, keys keep a typist's pace in
 * guest time.
 */
import type { Agent } from '../core/index.ts';
import { MatchText } from './match-text.ts';
import type { ScenarioStep } from './scenario.ts';

/** What the runner needs of a machine, so that a test can play one. */
export interface ScenarioMachine {
  readonly clock: { readonly hz: number; now(): number };
  /** True when no timer and no input can wake the guest any more. */
  readonly dead: boolean;
  input(input: { kind: 'serial'; bytes: readonly number[] } | { kind: 'keys'; codes: readonly number[] }): void;
  screenText(): string[];
  /** Brings `poll` on as soon as the current instruction has retired. */
  requestPoll(): void;
  /** Makes `Machine.run` come back. */
  requestStop(): void;
}

export interface ScenarioHooks {
  shot(): void;
  mark(name: string): void;
}

/** How a run ended, as far as a step can wait for it. */
export type GuestEnd =
  | { readonly kind: 'exit'; readonly status: number }
  | { readonly kind: 'poweroff' }
  | { readonly kind: 'reset' };

const SCREEN_POLLS_A_SECOND = 100;
/** Between two strokes: a typist's pace, and time for a guest that polls its keyboard. */
const KEY_SECONDS = 0.04;
export class ScenarioRunner implements Agent {
  readonly #machine: ScenarioMachine;
  readonly #steps: readonly ScenarioStep[];
  readonly #hooks: ScenarioHooks;
  readonly #text = { serial: new MatchText(), debugcon: new MatchText() };
  #index = 0;
  /** 0: the first step has not been looked at. */
  #deadline = 0;
  /** Tick at which the current wait is over. */
  #until: number | undefined;
  /** Codes of the strokes not yet sent. */
  #keys: (readonly number[])[] | undefined;
  #failed = false;

  constructor(machine: ScenarioMachine, steps: readonly ScenarioStep[], hooks: ScenarioHooks) {
    this.#machine = machine;
    this.#steps = steps;
    this.#hooks = hooks;
  }

  get nextTick(): number {
    return this.#deadline;
  }

  /** The step that is waited for. */
  get current(): ScenarioStep | undefined {
    return this.#steps[this.#index];
  }

  get finished(): boolean {
    return this.#index >= this.#steps.length;
  }

  /** True when the current step cannot be met any more. */
  get failed(): boolean {
    return this.#failed;
  }

  /** A byte left the guest: in the middle of the instruction that sends it. */
  output(channel: 'serial' | 'debugcon', byte: number): void {
    const tail = this.#text[channel];
    tail.put(byte);
    const step = this.current;
    if (step?.kind === channel && tail.matches(step.pattern)) this.#machine.requestPoll();
  }

  poll(): void {
    while (!this.finished && this.#advance(this.#steps[this.#index])) this.#index++;
    if (this.finished || this.#failed) {
      this.#deadline = Number.POSITIVE_INFINITY;
      this.#machine.requestStop();
    }
  }

  /** The guest ended the run. Answers true when that met the step waited for. */
  ended(end: GuestEnd): boolean {
    // A guest may end at the last key; only the pause behind it was still to come.
    if (this.current?.kind === 'keys' && this.#keys?.length === 1 && this.#until !== undefined) this.#index++;
    const step = this.current;
    const met =
      (step?.kind === 'poweroff' && end.kind !== 'exit') ||
      (step?.kind === 'exit' && end.kind === 'exit' && step.status === end.status);
    if (met) this.#index++;
    return met;
  }

  /** Carries `step` on; true when it is met. */
  #advance(step: ScenarioStep): boolean {
    this.#deadline = Number.POSITIVE_INFINITY;
    switch (step.kind) {
      case 'serial':
      case 'debugcon':
        return this.#text[step.kind].take(step.pattern);
      case 'screen':
        return this.#onScreen(step.pattern);
      case 'send':
        this.#machine.input({ kind: 'serial', bytes: step.bytes });
        return true;
      case 'keys':
        return this.#type(step.strokes);
      case 'sleep':
        return this.#passed(step.seconds);
      case 'shot':
        this.#hooks.shot();
        return true;
      case 'mark':
        this.#hooks.mark(step.name);
        return true;
      case 'exit':
      case 'poweroff':
        return false;
    }
  }

  #onScreen(pattern: RegExp): boolean {
    pattern.lastIndex = 0;
    if (pattern.test(screenAsText(this.#machine.screenText()))) return true;
    if (this.#machine.dead) this.#failed = true;
    else this.#deadline = this.#machine.clock.now() + this.#ticks(1 / SCREEN_POLLS_A_SECOND);
    return false;
  }

  /** True once `seconds` of guest time are over since it was first asked. */
  #passed(seconds: number): boolean {
    const now = this.#machine.clock.now();
    this.#until ??= now + this.#ticks(seconds);
    if (now >= this.#until) {
      this.#until = undefined;
      return true;
    }
    this.#deadline = this.#until;
    return false;
  }

  #type(strokes: readonly (readonly number[])[]): boolean {
    this.#keys ??= [...strokes];
    while (this.#keys.length > 0) {
      if (this.#until === undefined) this.#machine.input({ kind: 'keys', codes: this.#keys[0] });
      if (!this.#passed(KEY_SECONDS)) return false;
      this.#keys.shift();
    }
    this.#keys = undefined;
    return true;
  }

  #ticks(seconds: number): number {
    return Math.max(1, Math.round(seconds * this.#machine.clock.hz));
  }
}

/** The screen as a scenario's pattern sees it: rows without trailing blanks, no empty rows at the end. */
export function screenAsText(rows: readonly string[]): string {
  return `${rows
    .map((row) => row.trimEnd())
    .join('\n')
    .trimEnd()}\n`;
}
