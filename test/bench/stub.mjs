/**
 * What a GDB stub costs: raw packets over a unix socket, work done for each CPU second of the stub's own
 * process. A false condition on a hot breakpoint is evaluated by the target where the stub can; elsewhere
 * gdb itself has to stop, look, step and go on, and those packets are what is sent.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { cpuSeconds } from './timing.mjs';

/** Enough that a stub which compiles itself as it goes is past its first second. */
const STEPS = 20_000;
const STOPS = 2000;
const READS = 4000;
const READ_BYTES = 0x7c0;
const CONDITION_SECONDS = 3;
const READY_MS = 20_000;
/** GDB agent expression `$eax == -1`: reg 0, ext 32, const32 FFFFFFFFh, ext 32, equal, end. */
const FALSE_CONDITION = '260000162024ffffffff16201327';

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Address of a symbol of a guest. */
function symbol(guest, name) {
  const line = execFileSync('nm', [guest], { encoding: 'utf8' })
    .split('\n')
    .find((text) => text.endsWith(` ${name}`));
  return line.split(' ')[0].replace(/^0+/, '');
}

/** Undoes run-length encoding: a character, `*`, and how often more plus 29. */
function expanded(text) {
  return text.replace(/(.)\*(.)/g, (_, character, count) => character.repeat(count.charCodeAt(0) - 28));
}

class Client {
  #socket;
  #text = '';
  #waiting;

  constructor(socket) {
    this.#socket = socket;
    socket.setNoDelay?.(true);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.#text += chunk.toString('latin1');
      this.#deliver();
    });
  }

  #deliver() {
    const match = /\$([^#]*)#[0-9a-f]{2}/.exec(this.#text);
    if (!match || !this.#waiting) return;
    this.#text = this.#text.slice(match.index + match[0].length);
    this.#socket.write('+');
    const resolve = this.#waiting;
    this.#waiting = undefined;
    resolve(expanded(match[1]));
  }

  ask(packet) {
    let sum = 0;
    for (let i = 0; i < packet.length; i++) sum = (sum + packet.charCodeAt(i)) & 0xff;
    this.#socket.write(`$${packet}#${sum.toString(16).padStart(2, '0')}`);
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#deliver();
    });
  }

  interrupt() {
    this.#socket.write('\x03');
  }

  close() {
    this.#socket.destroy();
  }
}

/** Undefined while nobody listens: a socket's file is there a moment before. */
function connection(socketPath) {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath, () => resolve(socket));
    socket.on('error', () => resolve(undefined));
  });
}

/** Runs a stub on a socket, gives it to `work`, ends it. */
async function withStub(command, socketPath, work) {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: 'ignore' });
  try {
    let socket;
    for (const limit = Date.now() + READY_MS; socket === undefined; await pause(20)) {
      if (Date.now() > limit || child.exitCode !== null) throw new Error(`${program}: no stub came up`);
      socket = await connection(socketPath);
    }
    const client = new Client(socket);
    await client.ask('qSupported:swbreak+;hwbreak+;xmlRegisters=i386');
    await client.ask('?');
    const result = await work(client, () => cpuSeconds(child.pid));
    client.close();
    return result;
  } finally {
    child.kill('SIGKILL');
  }
}

async function perSecond(count, clock, work) {
  const start = clock();
  for (let i = 0; i < count; i++) await work();
  return count / (clock() - start);
}

/** How often the guest has called `watched`. */
async function calls(client, at) {
  return Buffer.from(await client.ask(`m${at},4`), 'hex').readUInt32LE(0);
}

/** @returns {steps, conditions, kibibytes} for each CPU second of the stub */
async function measure(client, clock, guest) {
  const watched = symbol(guest, 'watched');
  const counter = symbol(guest, 'calls');
  await client.ask(`Z0,${watched},1`);
  await client.ask('vCont;c');
  await client.ask(`z0,${watched},1`);
  const steps = await perSecond(STEPS, clock, () => client.ask('vCont;s:1'));
  const reads = await perSecond(READS, clock, () => client.ask(`m100000,${READ_BYTES.toString(16)}`));
  const length = FALSE_CONDITION.length / 2;
  const armed = await client.ask(`Z0,${watched},1;X${length.toString(16)},${FALSE_CONDITION}`);
  let conditions;
  const before = await calls(client, counter);
  if (armed === 'OK') {
    const start = clock();
    const stopped = client.ask('vCont;c');
    await pause(CONDITION_SECONDS * 1000);
    client.interrupt();
    await stopped;
    const end = clock();
    // A stub that ignores the condition stops at the first call.
    const hits = (await calls(client, counter)) - before;
    if (hits > 1) conditions = hits / (end - start);
  }
  conditions ??= await perSecond(STOPS, clock, async () => {
    await client.ask(`z0,${watched},1`);
    await client.ask('vCont;s:1');
    await client.ask(`Z0,${watched},1`);
    await client.ask('vCont;c');
    await client.ask('g');
  });
  return { steps, conditions, kibibytes: (reads * READ_BYTES) / 1024 };
}

/** @param guest built from condition.c @param commands name to a function of (guest, socket path) */
export async function measureStubs(guest, commands) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trapgate-stub-'));
  const results = {};
  try {
    for (const [name, command] of Object.entries(commands)) {
      const socket = path.join(folder, name);
      results[name] = await withStub(command(guest, socket), socket, (client, clock) => measure(client, clock, guest));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return results;
}
