/**
 * The motherboard: which devices there are, where they sit and how their wires run. The only file that names
 * concrete devices.
 */
import type { CoprocessorErrors, Device, InterruptController } from '../bus/device.ts';
import type { PortBus } from '../bus/port-bus.ts';
import type { VirtualClock } from '../bus/virtual-clock.ts';
import { CoprocessorPort } from '../devices/coprocessor-port.ts';
import { DebugPort } from '../devices/debug-port.ts';
import { ExitPort } from '../devices/exit-port.ts';
import { leaveAsFirmware } from '../devices/firmware-defaults.ts';
import { I8042 } from '../devices/i8042.ts';
import { Pic8259Pair } from '../devices/pic8259.ts';
import { Pit8254 } from '../devices/pit8254.ts';
import { PowerPort } from '../devices/power-port.ts';
import { RtcCmos } from '../devices/rtc-cmos.ts';
import { STANDARD_IRQS, STANDARD_PORTS } from '../devices/standard-ports.ts';
import { SystemControl } from '../devices/system-control.ts';
import { Uart16550 } from '../devices/uart16550.ts';
import { VgaText } from '../devices/vga-text.ts';
import { equipmentWord } from '../image/firmware/data-area.ts';
import type { PhysicalMemory } from '../memory/physical-memory.ts';
import type { MachineConfig } from './config.ts';
import type { MachineEvent, OutputChannel } from './events.ts';

const CMOS_FLOPPIES = 0x10;
const CMOS_DISKS = 0x12;
const CMOS_EQUIPMENT = 0x14;

export interface BoardParts {
  readonly config: MachineConfig;
  readonly clock: VirtualClock;
  readonly ports: PortBus;
  readonly physical: PhysicalMemory;
  output(channel: OutputChannel, byte: number): void;
  /** The A20 gate of all vCPUs. */
  setA20(open: boolean): void;
  /** An x87 error is pending in the processor that has CR0.NE clear. */
  errorPending(): boolean;
  /** A device ends the run, or resets the machine, once the current instruction is over. */
  request(event: MachineEvent): void;
}

export class Board {
  /** In a fixed order, which saved states and hashes follow. */
  readonly devices: readonly Device[];
  readonly interrupts: InterruptController;
  readonly coprocessor: CoprocessorErrors;
  readonly serial: Uart16550;
  readonly keyboard: I8042;
  readonly vga: VgaText | undefined;
  readonly #pic: Pic8259Pair;
  readonly #pit: Pit8254;
  readonly #systemControl: SystemControl;
  readonly #rtc: RtcCmos;

  constructor({ config, clock, ports, physical, output, setA20, errorPending, request }: BoardParts) {
    const pic = new Pic8259Pair();
    // Either gate opens the line (PS/2 technical reference, system control port A).
    const a20 = { set: () => setA20(this.a20) };
    const resetCpu = () => request({ kind: 'reset' });
    const pit = new Pit8254({ clock, irq: pic.irq(STANDARD_IRQS.pit) });
    const rtc = new RtcCmos({ clock, irq: pic.irq(STANDARD_IRQS.rtc), wallClock: config.wallClock });
    rtc.setMemorySize(config.memory * 2 ** 20);
    const serial = new Uart16550({
      irq: pic.irq(STANDARD_IRQS.com1),
      out: { put: (byte) => output('serial', byte) },
    });
    const keyboard = new I8042({ clock, irq: pic.irq(STANDARD_IRQS.keyboard), a20, resetCpu });
    const systemControl = new SystemControl({ a20, resetCpu });
    const coprocessor = new CoprocessorPort({ irq: pic.irq(STANDARD_IRQS.coprocessor), pending: errorPending });
    const debugcon = new DebugPort({ out: { put: (byte) => output('debugcon', byte) } });
    const debugExit = new ExitPort({ exit: (status) => request({ kind: 'exit', status }) });
    const power = new PowerPort({ powerOff: () => request({ kind: 'poweroff' }) });
    this.interrupts = pic;
    this.coprocessor = coprocessor;
    this.#pic = pic;
    this.#rtc = rtc;
    this.#pit = pit;
    this.serial = serial;
    this.keyboard = keyboard;
    this.#systemControl = systemControl;
    ports.attach(pic, STANDARD_PORTS.pic);
    ports.attach(pit, STANDARD_PORTS.pit);
    ports.attach(rtc, STANDARD_PORTS.rtc);
    ports.attach(serial, STANDARD_PORTS.com1);
    ports.attach(keyboard, STANDARD_PORTS.keyboard);
    ports.attach(systemControl, STANDARD_PORTS.systemControl);
    ports.attach(coprocessor, STANDARD_PORTS.coprocessor);
    ports.attach(debugcon, STANDARD_PORTS.debugcon);
    ports.attach(debugExit, STANDARD_PORTS.debugExit);
    ports.attach(power, STANDARD_PORTS.power);
    const devices: Device[] = [pic, pit, rtc, serial, keyboard, systemControl, coprocessor];
    devices.push(debugcon, debugExit, power);
    if (config.vga === 'std') {
      this.vga = new VgaText({ clock, readMemory: (address, length) => physical.read(address, length) });
      ports.attach(this.vga, STANDARD_PORTS.vga);
      devices.push(this.vga);
    }
    this.devices = devices;
  }

  get a20(): boolean {
    return this.#systemControl.a20 || this.keyboard.a20;
  }

  /** Drives where setup programs leave them in CMOS. @param floppyTypes as INT 13h AH=08h names them */
  describeDisks(floppyTypes: readonly number[], disks: number): void {
    const [first = 0, second = 0] = floppyTypes;
    this.#rtc.setMemory(CMOS_FLOPPIES, (first << 4) | second);
    // Type 15 says that an extended type byte follows: 47, "user defined".
    this.#rtc.setMemory(CMOS_DISKS, (disks > 0 ? 0xf0 : 0) | (disks > 1 ? 0x0f : 0));
    if (floppyTypes.length > 0) this.#rtc.setMemory(CMOS_EQUIPMENT, equipmentWord(floppyTypes.length) & 0xff);
  }

  /** As firmware and a boot loader leave it: devices in their usual modes, the whole of memory in reach. */
  handOver(): void {
    leaveAsFirmware(this.#pic, this.#pit, this.serial);
    this.#systemControl.writePort(0, 1, 2);
  }
}
