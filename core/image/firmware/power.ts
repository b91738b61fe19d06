/**
 * INT 15h AH=53h, the real-mode interface of Advanced Power Management 1.2, as far as programs use it to switch
 * the machine off. The protected-mode interfaces are not offered.
 */
import type { Call } from './call.ts';

const VERSION = 0x0102;
const SIGNATURE = 0x504d;
const ALL_DEVICES = 0x0001;
const STATE_OFF = 0x0003;
/** Where the machine's power control register is, and "soft off" as it takes it. */
const POWER_PORT = 0x604;
const SOFT_OFF = 0x2000;

const NO_16_BIT = 0x06;
const NO_32_BIT = 0x08;
const UNKNOWN_DEVICE = 0x09;
const BAD_PARAMETER = 0x0a;
const UNSUPPORTED = 0x86;

export function powerManagement(call: Call): void {
  switch (call.al) {
    case 0x00:
      call.ax = VERSION;
      call.bx = SIGNATURE;
      call.cx = 0;
      return;
    case 0x01:
    case 0x04:
    case 0x05:
    case 0x06:
    case 0x08:
    case 0x0d:
    case 0x0f:
      call.ah = 0;
      return;
    case 0x02:
      return fail(call, NO_16_BIT);
    case 0x03:
      return fail(call, NO_32_BIT);
    case 0x07:
      if (call.bx !== ALL_DEVICES) return fail(call, UNKNOWN_DEVICE);
      if (call.cx !== STATE_OFF) return fail(call, BAD_PARAMETER);
      call.host.writePort(POWER_PORT, 2, SOFT_OFF);
      return;
    case 0x0e:
      call.ax = VERSION;
      return;
    default:
      return fail(call, UNSUPPORTED);
  }
}

function fail(call: Call, status: number): void {
  call.ah = status;
  call.setCarry(true);
}
