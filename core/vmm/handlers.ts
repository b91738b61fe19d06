/** Which function emulates which trapped instruction: the one table of them, by mnemonic. */
import * as control from './control-registers.ts';
import { identify } from './cpuid.ts';
import * as queries from './descriptor-queries.ts';
import { interruptReturn, returnFar } from './far-return.ts';
import { callFar, jumpFar } from './far-transfers.ts';
import { clearInterruptFlag, popFlags, pushFlags, setInterruptFlag } from './flags.ts';
import { input, inputString, output, outputString } from './io.ts';
import type { Handler } from './monitor.ts';
import * as privileged from './privileged.ts';
import * as sensitive from './sensitive.ts';
import { readPerformanceCounter, readTimeStamp } from './time-stamp.ts';

export const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  // Privileged
  ['mov_from_cr', control.moveFromControl],
  ['mov_to_cr', control.moveToControl],
  ['mov_from_dr', control.moveFromDebug],
  ['mov_to_dr', control.moveToDebug],
  ['lmsw', control.loadMachineStatus],
  ['clts', control.clearTaskSwitched],
  ['lgdt', privileged.loadTable],
  ['lidt', privileged.loadTable],
  ['lldt', privileged.loadLocalTable],
  ['ltr', privileged.loadTaskRegister],
  ['hlt', privileged.halt],
  ['invlpg', privileged.invalidatePage],
  ['invd', privileged.invalidateCaches],
  ['wbinvd', privileged.invalidateCaches],
  ['rdmsr', privileged.readMsr],
  ['wrmsr', privileged.writeMsr],
  // IOPL-sensitive
  ['cli', clearInterruptFlag],
  ['sti', setInterruptFlag],
  ['in', input],
  ['out', output],
  ['ins', inputString],
  ['outs', outputString],
  // Sensitive, unprivileged
  ['sgdt', sensitive.storeTable],
  ['sidt', sensitive.storeTable],
  ['sldt', sensitive.storeLocalTable],
  ['str', sensitive.storeTaskRegister],
  ['smsw', control.storeMachineStatus],
  ['pushf', pushFlags],
  ['popf', popFlags],
  ['lar', queries.loadAccessRights],
  ['lsl', queries.loadSegmentLimit],
  ['verr', queries.verifyRead],
  ['verw', queries.verifyWrite],
  ['arpl', queries.adjustRequestedPrivilege],
  ['mov_from_seg', sensitive.moveFromSegment],
  ['mov_to_seg', sensitive.moveToSegment],
  ['push_seg', sensitive.pushSegment],
  ['pop_seg', sensitive.popSegment],
  ['les', sensitive.loadPointer],
  ['lds', sensitive.loadPointer],
  ['lss', sensitive.loadPointer],
  ['lfs', sensitive.loadPointer],
  ['lgs', sensitive.loadPointer],
  ['call_far', callFar],
  ['jmp_far', jumpFar],
  ['ret_far', returnFar],
  ['int', sensitive.interrupt],
  ['int3', sensitive.interrupt3],
  ['int1', sensitive.interrupt1],
  ['into', sensitive.interruptOnOverflow],
  ['iret', interruptReturn],
  ['cpuid', identify],
  ['rdtsc', readTimeStamp],
  ['rdpmc', readPerformanceCounter],
  // Absent from this model
  ['rsm', sensitive.undefinedInstruction],
  ['ud2', sensitive.undefinedOrFirmwareCall],
  ['undefined', sensitive.undefinedInstruction],
]);
