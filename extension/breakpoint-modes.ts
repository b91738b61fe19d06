/**
 * Modes of a breakpoint, beyond its place: at which privilege or in which address space code stops, and whether a
 * data breakpoint watches an address or the memory that is behind it now.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Point } from '../core/index.ts';
import type { Debuggee } from './debuggee.ts';
import { walkPages } from './explorer-paging.ts';
import { RequestError } from './protocol-error.ts';

const CODE: DebugProtocol.BreakpointModeApplicability[] = ['source', 'instruction'];

export const BREAKPOINT_MODES: DebugProtocol.BreakpointMode[] = [
  { mode: 'any', label: 'Any privilege and address space', appliesTo: CODE },
  { mode: 'kernel', label: 'Ring 0 only', description: 'Stops only at privilege level 0', appliesTo: CODE },
  { mode: 'user', label: 'Ring 3 only', description: 'Stops only at privilege level 3', appliesTo: CODE },
  {
    mode: 'space',
    label: 'This address space only',
    description: 'Stops only while CR3 is what it was when the breakpoint was set',
    appliesTo: CODE,
  },
  {
    mode: 'linear',
    label: 'Linear address',
    description: 'Watches the address, whatever memory is mapped there',
    appliesTo: ['data'],
  },
  {
    mode: 'physical',
    label: 'Physical memory',
    description: 'Watches the memory that is mapped there now, through every mapping of it',
    appliesTo: ['data'],
  },
];

const PAGE = 4096;

/** @param mode as the client sent it; empty is the first mode @throws RequestError */
export async function withMode(point: Point, mode: string, debuggee: Debuggee): Promise<Point> {
  if (mode === '' || mode === 'any' || mode === 'linear') return point;
  if (point.kind === 'code') {
    if (mode === 'kernel') return { ...point, scope: { cpl: 0 } };
    if (mode === 'user') return { ...point, scope: { cpl: 3 } };
    if (mode === 'space') return { ...point, scope: { cr3: (await debuggee.registers()).cr3 } };
  }
  if (point.kind === 'data' && mode === 'physical') return physicalPoint(point, debuggee);
  throw new RequestError(`there is no breakpoint mode ${mode} here`);
}

async function physicalPoint(point: Extract<Point, { kind: 'data' }>, debuggee: Debuggee): Promise<Point> {
  if (point.address.space !== 'linear') return point;
  const { offset } = point.address;
  const last = offset + point.length - 1;
  // Neighbours of linear memory need not be neighbours of physical memory.
  if (Math.floor(offset / PAGE) !== Math.floor(last / PAGE))
    throw new RequestError('a range of physical memory must lie in one page');
  const { physical, reason } = await walkPages(debuggee, offset);
  if (physical === undefined) throw new RequestError(`the address is not mapped now: ${reason}`);
  return { ...point, address: { space: 'physical', offset: physical } };
}
