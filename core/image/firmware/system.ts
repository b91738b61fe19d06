/** INT 11h, 12h and 15h: what the machine has, where its memory is, A20, waiting and block moves. */
import { EAX, EBX, ECX, EDX, ES } from '../../isa/registers.ts';
import { memoryRanges } from '../memory-map.ts';
import type { Call, Service } from './call.ts';
import { startWait } from './clock.ts';
import * as area from './data-area.ts';
import { powerManagement } from './power.ts';
import { ROM_SEGMENT, SYSTEM_TABLE } from './rom.ts';

const UNSUPPORTED = 0x86;
const SMAP = 0x534d_4150;
const RANGE_BYTES = 20;
const FAST_A20 = 0x92;
const A20_OPEN = 0x02;
const KIB = 1024;
const MIB16 = 16 * 2 ** 20;
/** Entries of the table of AH=87h: source and destination descriptors. */
const MOVE_SOURCE = 0x10;
const MOVE_DESTINATION = 0x18;
const MOST_WORDS = 0x8000;

export const equipment: Service = (call) => {
  call.ax = call.host.read(area.EQUIPMENT, 2);
};

export const baseMemory: Service = (call) => {
  call.ax = call.host.read(area.BASE_MEMORY, 2);
};

/** The ROM's carry is set only for what waits. */
export const system: Service = (call) => {
  call.setRomCarry(false);
  const perform = FUNCTIONS.get(call.ah) ?? BY_AX.get(call.ax);
  if (perform === undefined) {
    // The keyboard's intercept comes with carry set and wants AL back as it is.
    if (call.ah !== 0x4f) call.ah = UNSUPPORTED;
    call.setCarry(true);
    return;
  }
  call.setCarry(false);
  perform(call);
};

const FUNCTIONS: ReadonlyMap<number, (call: Call) => void> = new Map([
  [0x41, nothing],
  [0x53, powerManagement],
  [0x80, nothing],
  [0x81, nothing],
  [0x82, nothing],
  [0x86, startWait],
  [0x87, moveBlock],
  [0x88, extendedMemory],
  [0x90, nothing],
  [0x91, nothing],
  [0xc0, configuration],
  [0xc1, extendedArea],
]);

const BY_AX: ReadonlyMap<number, (call: Call) => void> = new Map([
  [0x2400, (call) => setA20(call, false)],
  [0x2401, (call) => setA20(call, true)],
  [0x2402, statusOfA20],
  [0x2403, supportOfA20],
  [0xe801, largeMemory],
  [0xe820, memoryMap],
]);

function nothing(call: Call): void {
  call.ah = 0;
}

function setA20(call: Call, open: boolean): void {
  const { host } = call;
  const port = host.readPort(FAST_A20, 1) & ~1;
  host.writePort(FAST_A20, 1, open ? port | A20_OPEN : port & ~A20_OPEN);
  // The keyboard controller's gate opens the line as well: both have to close it.
  host.writePort(0x64, 1, open ? 0xdf : 0xdd);
  call.ah = 0;
}

function statusOfA20(call: Call): void {
  call.ax = call.host.readPort(FAST_A20, 1) & A20_OPEN ? 1 : 0;
}

/** By the keyboard controller (bit 0) and port 92h (bit 1). */
function supportOfA20(call: Call): void {
  call.ah = 0;
  call.bx = 3;
}

function extendedMemory(call: Call): void {
  call.ax = Math.min((call.host.memoryBytes - 2 ** 20) / KIB, 0xffff) & 0xffff;
}

/** KiB between 1 and 16 MiB, and blocks of 64 KiB above. */
function largeMemory(call: Call): void {
  const { memoryBytes } = call.host;
  const low = Math.min(memoryBytes, MIB16) - 2 ** 20;
  const high = Math.max(memoryBytes - MIB16, 0);
  call.ax = low / KIB;
  call.bx = high / 0x10000;
  call.cx = call.ax;
  call.dx = call.bx;
}

/** EBX: which range, 0 to begin and 0 after the last; ES:DI: 20 bytes of base, length, type. */
function memoryMap(call: Call): void {
  const { host } = call;
  const ranges = memoryRanges(host.memoryBytes);
  const index = call.register(EBX);
  if (call.register(EDX) !== SMAP || index >= ranges.length || call.register(ECX) < RANGE_BYTES) {
    call.ah = UNSUPPORTED;
    call.setCarry(true);
    return;
  }
  const { start, end, type } = ranges[index];
  const at = call.linear(ES, call.di);
  host.write(at, 4, start);
  host.write(at + 4, 4, 0);
  host.write(at + 8, 4, end - start);
  host.write(at + 12, 4, 0);
  host.write(at + 16, 4, type);
  call.setRegister(EAX, SMAP);
  call.setRegister(EBX, index + 1 < ranges.length ? index + 1 : 0);
  call.setRegister(ECX, RANGE_BYTES);
}

/** CX words between two descriptors of the table at ES:SI, without leaving real mode. */
function moveBlock(call: Call): void {
  const { host } = call;
  const table = call.linear(ES, call.si);
  const base = (entry: number) =>
    ((host.read(table + entry + 2, 4) & 0xffffff) | (host.read(table + entry + 7, 1) << 24)) >>> 0;
  if (call.cx > MOST_WORDS) {
    call.ah = 2;
    call.setCarry(true);
    return;
  }
  host.writePhysical(base(MOVE_DESTINATION), host.readPhysical(base(MOVE_SOURCE), call.cx * 2));
  call.ah = 0;
  call.setZero(true);
}

function configuration(call: Call): void {
  call.setEs(ROM_SEGMENT);
  call.setRegister(EBX, (call.register(EBX) & 0xffff0000) | SYSTEM_TABLE);
  call.ah = 0;
}

function extendedArea(call: Call): void {
  call.setEs(call.host.read(area.EBDA_SEGMENT, 2));
}
