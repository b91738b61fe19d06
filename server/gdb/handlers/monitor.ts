/** qRcmd: `monitor …`. What concerns the session is answered here, the machine's own commands by the target. */
import { bytesToHex, hexToBytes, type PcMode } from '../../../core/index.ts';
import { type Command, command } from '../command.ts';
import { type Answer, EMPTY, type Stub } from '../stub.ts';

function parse(rest: string): string | undefined {
  const bytes = rest.startsWith(',') ? hexToBytes(rest.slice(1)) : undefined;
  return bytes && new TextDecoder().decode(bytes).trim();
}

function print(text: string): Answer {
  return { kind: 'console', text, data: 'OK' };
}

const SESSION_HELP = [
  'pc auto|linear|offset -- how eip and esp are shown; auto: linear in 16-bit code',
  'gdb-script -- the script with which gdb follows 16-bit code; `gdb-script loaded`: no need to point at it',
  'step-interrupts on|off -- whether a single step may end in an interrupt handler',
  '',
].join('\n');

async function run(stub: Stub, text: string): Promise<Answer> {
  const own = await sessionCommand(stub, text);
  if (own !== undefined) return print(own);
  if (stub.target.monitor === undefined) return EMPTY;
  const answer = await stub.target.monitor(text);
  if (answer === undefined) return print(`unknown command: '${text}' (try: monitor help)\n`);
  return print(text === 'help' || text === '' ? answer + SESSION_HELP : answer);
}

async function sessionCommand(stub: Stub, text: string): Promise<string | undefined> {
  const [verb, value, ...more] = text.split(/\s+/);
  if (more.length > 0) return undefined;
  if (verb === 'pc') {
    if (value !== undefined && !isPcMode(value)) return `not auto, linear or offset: ${value}\n`;
    if (value !== undefined) {
      stub.pcMode = value;
      await stub.points.pcModeChanged();
    }
    return `pc ${stub.pcMode}\n`;
  }
  if (verb === 'gdb-script') {
    if (value !== undefined && value !== 'loaded') return `not loaded: ${value}\n`;
    stub.knowsScript ||= value === 'loaded';
    return stub.script === undefined ? 'this stub has no script\n' : `source ${stub.script}\n`;
  }
  if (verb === 'step-interrupts') {
    if (value !== undefined && value !== 'on' && value !== 'off') return `not on or off: ${value}\n`;
    if (value !== undefined) stub.stepInterrupts = value === 'on';
    return `step-interrupts ${stub.stepInterrupts ? 'on' : 'off'}\n`;
  }
  return undefined;
}

function isPcMode(text: string): text is PcMode {
  return text === 'auto' || text === 'linear' || text === 'offset';
}

/** Console text as the body of an O packet. */
export function consolePacket(text: string): string {
  return `O${bytesToHex(new TextEncoder().encode(text))}`;
}

export const monitorCommands: readonly Command[] = [command('qRcmd', parse, run)];
