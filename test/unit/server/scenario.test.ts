import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../../server/scenario.ts';
import { ScenarioRunner } from '../../../server/scenario-runner.ts';

/** A machine whose time the test moves by hand. */
class ToyMachine {
  tick = 0;
  dead = false;
  screen = ['', ''];
  inputs: { tick: number; kind: string; values: readonly number[] }[] = [];
  polls = 0;
  stops = 0;
  readonly clock = { hz: 1000, now: () => this.tick };
  input(input: { kind: 'serial'; bytes: readonly number[] } | { kind: 'keys'; codes: readonly number[] }): void {
    this.inputs.push({
      tick: this.tick,
      kind: input.kind,
      values: input.kind === 'serial' ? input.bytes : input.codes,
    });
  }
  screenText(): string[] {
    return this.screen;
  }
  requestPoll(): void {
    this.polls++;
  }
  requestStop(): void {
    this.stops++;
  }
}

function start(text: string) {
  const machine = new ToyMachine();
  const marks: string[] = [];
  const runner = new ScenarioRunner(machine, parseScenario(text, 'steps'), {
    shot: () => marks.push('shot'),
    mark: (name) => marks.push(name),
  });
  const say = (words: string, channel: 'serial' | 'debugcon' = 'serial') => {
    for (const character of words) {
      const before = machine.polls;
      runner.output(channel, character.charCodeAt(0));
      if (machine.polls !== before) runner.poll();
    }
  };
  /** Lets time pass to `tick`, polling whenever the runner asked to be. */
  const until = (tick: number) => {
    while (runner.nextTick <= tick) {
      machine.tick = Math.max(machine.tick, runner.nextTick);
      runner.poll();
    }
    machine.tick = tick;
  };
  until(0);
  return { machine, runner, marks, say, until };
}

describe('a scenario file', () => {
  it('may have a tab behind the name of a step', () => {
    expect(parseScenario('exit\t255\r\n', 'f')).toMatchObject([{ kind: 'exit', status: 255 }]);
  });

  it('has one step a line, comments and blank lines', () => {
    const steps = parseScenario('# first\n\nserial hello .*\nsend a\\n\nsleep 0.5\npoweroff\n', 'f');
    expect(steps.map(({ source }) => source)).toEqual(['serial hello .*', 'send a\\n', 'sleep 0.5', 'poweroff']);
  });

  it.each([
    ['dance', 'f:1: unknown step'],
    ['poweroff\nserial (', 'f:2: bad regular expression'],
    ['serial', "f:1: 'serial' needs an argument"],
    ['key hyper', "f:1: unknown key 'hyper'"],
    ['type é', 'f:1: no key of a US keyboard types'],
    ['sleep long', "f:1: 'long' is not a number of seconds"],
    ['exit many', "f:1: 'many' is not a status"],
    ['exit 256', "f:1: '256' is not a status"],
    ['mark', "f:1: 'mark' needs an argument"],
    ['poweroff now', "f:1: 'poweroff' takes no argument"],
  ])('%j is a mistake that names its line', (text, message) => {
    expect(() => parseScenario(text, 'f')).toThrow(message);
  });
});

describe('a scenario', () => {
  it('matches serial text after the last match, at the byte that completes it', () => {
    const { runner, say, machine } = start('serial o\nserial o\nserial ^x');
    say('hello');
    expect(runner.current?.source).toBe('serial o');
    say(' o');
    expect(runner.current?.source).toBe('serial ^x');
    say('x');
    expect(runner.finished).toBe(false);
    expect(machine.stops).toBe(0);
  });

  it('finds text that came before its step', () => {
    const { runner, say, until } = start('sleep 1\nserial early\nserial late');
    say('early late');
    until(999);
    expect(runner.finished).toBe(false);
    until(1000);
    expect(runner.finished).toBe(true);
  });

  it('keeps the channels apart', () => {
    const { runner, say } = start('debugcon ok');
    say('ok');
    expect(runner.finished).toBe(false);
    say('ok', 'debugcon');
    expect(runner.finished).toBe(true);
  });

  it('sends at the position of the match and goes on to the next step', () => {
    const { machine, say } = start('serial \\$ $\nsend ls\\n\nserial done');
    machine.tick = 77;
    say('$ ');
    expect(machine.inputs).toEqual([{ tick: 77, kind: 'serial', values: [108, 115, 10] }]);
  });

  it('types at a pace in guest time', () => {
    const { machine, runner, until } = start('type aB');
    until(200);
    expect(machine.inputs.map(({ tick, values }) => [tick, ...values])).toEqual([
      [0, 0x1c, 0xf0, 0x1c],
      [40, 0x12, 0x32, 0xf0, 0x32, 0xf0, 0x12],
    ]);
    expect(runner.finished).toBe(true);
  });

  it('looks at the screen every 10 ms of guest time', () => {
    const { machine, runner, marks, until } = start('screen two\\n$\nshot\nmark here');
    until(95);
    machine.screen = ['one  ', 'two   '];
    until(99);
    expect(runner.finished).toBe(false);
    until(100);
    expect(runner.finished).toBe(true);
    expect(marks).toEqual(['shot', 'here']);
    expect(machine.stops).toBe(1);
  });

  it('gives a screen up when the guest can never change it', () => {
    const { machine, runner, until } = start('screen never');
    machine.dead = true;
    until(10);
    expect(runner.failed).toBe(true);
  });

  it('is met by the end it names', () => {
    expect(start('exit 33').runner.ended({ kind: 'exit', status: 33 })).toBe(true);
    expect(start('exit 33').runner.ended({ kind: 'exit', status: 35 })).toBe(false);
    expect(start('poweroff').runner.ended({ kind: 'reset' })).toBe(true);
    expect(start('poweroff').runner.ended({ kind: 'exit', status: 1 })).toBe(false);
    expect(start('serial x').runner.ended({ kind: 'poweroff' })).toBe(false);
  });

  it('stays quick with a talkative guest and forgets only what is far back', () => {
    const { runner, say } = start('serial END\nserial ^0');
    say('0123456789'.repeat(20_000));
    say('END0');
    expect(runner.current?.source).toBe('serial ^0');
  });
});
