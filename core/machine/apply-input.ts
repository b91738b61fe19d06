/** Inputs that change one part of a machine; reset and the like are the machine's own business. */
import type { Board } from './board.ts';
import type { Input } from './input-log.ts';
import type { MachineParts } from './parts.ts';
import { type InputResult, writeRegister } from './write-register.ts';

const OK: InputResult = { ok: true };

export function applyInput(
  machine: MachineParts & { readonly board: Board },
  input: Extract<Input, { kind: 'serial' | 'keys' | 'memory' | 'register' }>,
): InputResult {
  switch (input.kind) {
    case 'serial':
      machine.board.serial.receive(Uint8Array.from(input.bytes));
      return OK;
    case 'keys':
      machine.board.keyboard.keys(input.codes);
      return OK;
    case 'memory': {
      const count = machine.physical.write('debugger', input.physical, Uint8Array.from(input.bytes));
      return count === input.bytes.length ? OK : { ok: false, reason: 'not all of it is RAM' };
    }
    case 'register':
      return writeRegister(machine.vcpus[input.vcpu], input.name, Uint8Array.from(input.value));
  }
}
