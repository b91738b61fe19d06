/** One decoded instruction in full, as the monitor sees it. The engine's hot path uses packed records instead. */

/**
 * How an instruction reaches the monitor:
 * innocuous runs directly · privileged, iopl and sensitive always trap · undefined raises #UD ·
 * missing is known but not built yet: the run ends with a clear refusal that names it.
 */
export type TrapClass = 'innocuous' | 'privileged' | 'iopl' | 'sensitive' | 'undefined' | 'missing';

export interface Instruction {
  /** Lower-case mnemonic of the row, e.g. `mov`, `lgdt`, `iret`, `mov_cr`. */
  readonly mnemonic: string;
  readonly trapClass: TrapClass;
  /** Opcode byte, with 0x0F00 added for the two-byte map. */
  readonly opcode: number;
  /** Bytes, prefixes included. */
  readonly length: number;
  /** 2 or 4. */
  readonly operandSize: 2 | 4;
  readonly addressSize: 2 | 4;
  /** 0xF2, 0xF3 or 0. */
  readonly repeat: number;
  readonly lock: boolean;
  /** ModRM fields; 0 when the row has no ModRM. */
  readonly mod: number;
  readonly reg: number;
  readonly rm: number;
  /** True when ModRM names memory (or the row has a moffs operand). */
  readonly memory: boolean;
  /** Segment of the memory operand after overrides: ES..GS as 0..5. For string instructions, of the source. */
  readonly segment: number;
  /** Register numbers, or -1. */
  readonly base: number;
  readonly index: number;
  /** Shift count 0–3. */
  readonly scale: number;
  readonly displacement: number;
  /** First immediate (sign-extended where the row says so), relative target displacement, or far offset. */
  readonly immediate: number;
  /** Second immediate: selector of a far pointer, or the level of ENTER. */
  readonly immediate2: number;
}
