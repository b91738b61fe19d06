/** INT 14h: the serial port by polling, and INT 17h, which has no printer. Only COM1 exists. */
import type { Call, Service } from './call.ts';
import * as area from './data-area.ts';

const LINE_CONTROL = 3;
const LINE_STATUS = 5;
const MODEM_STATUS = 6;
const DIVISOR_ACCESS = 0x80;
const TIMEOUT = 0x80;
const RECEIVED = 0x01;
/** Rates by AL bits 7–5 of AH=00h, as divisors of 115200. */
const DIVISORS = [1047, 768, 384, 192, 96, 48, 24, 12];
const PRINTER_TIMEOUT = 0x01;

export const serial: Service = (call) => {
  const port = call.dx < 4 ? call.host.read(area.COM_PORTS + 2 * call.dx, 2) : 0;
  if (port === 0) return;
  switch (call.ah) {
    case 0:
      initialise(call, port);
      status(call, port);
      break;
    case 1:
      call.host.writePort(port, 1, call.al);
      call.ah = call.host.readPort(port + LINE_STATUS, 1) & ~TIMEOUT;
      break;
    case 2:
      receive(call, port);
      break;
    case 3:
      status(call, port);
      break;
    default:
      break;
  }
};

function initialise({ host, al }: Call, port: number): void {
  const divisor = DIVISORS[al >>> 5];
  host.writePort(port + LINE_CONTROL, 1, DIVISOR_ACCESS);
  host.writePort(port, 1, divisor & 0xff);
  host.writePort(port + 1, 1, divisor >>> 8);
  host.writePort(port + LINE_CONTROL, 1, al & 0x1f);
}

function status(call: Call, port: number): void {
  call.ax = (call.host.readPort(port + LINE_STATUS, 1) << 8) | call.host.readPort(port + MODEM_STATUS, 1);
}

/** Programs poll; one that does not is told of a timeout at once. */
function receive(call: Call, port: number): void {
  const line = call.host.readPort(port + LINE_STATUS, 1);
  if (line & RECEIVED) {
    call.al = call.host.readPort(port, 1);
    call.ah = line & 0x1e;
  } else call.ah = line | TIMEOUT;
}

export const printer: Service = (call) => {
  call.ah = PRINTER_TIMEOUT;
};
