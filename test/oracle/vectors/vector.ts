/**
 * One hardware vector in a form that does not depend on the file it came from: a machine state, code, and
 * the state real hardware was in afterwards.
 */

/** Memory as (linear address, bytes) runs. */
export interface MemoryRun {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface FpuImage {
  readonly control: number;
  /** With TOP. */
  readonly status: number;
  /** Abridged tag as in an FXSAVE image: bit i set = physical register i holds something. */
  readonly tag: number;
  /** ST0 first, 10 bytes each. */
  readonly st: readonly Uint8Array[];
}

export interface Vector {
  /** `add bl,cl #3`, unique in its file. */
  readonly name: string;
  /** Name of the form, which the exceptions list goes by. */
  readonly form: string;
  readonly mode: 'protected' | 'real';
  /** The instruction's bytes. */
  readonly code: Uint8Array;
  /** eax ecx edx ebx esp ebp esi edi */
  readonly general: readonly number[];
  readonly eip: number;
  readonly eflags: number;
  /** es cs ss ds fs gs; only in real mode, flat otherwise. */
  readonly selectors?: readonly number[];
  readonly memory: readonly MemoryRun[];
  readonly fpu?: FpuImage;
  readonly expected: {
    readonly general: readonly number[];
    /** After the instruction (protected) or after the HLT that ended the test (real). */
    readonly eip: number;
    readonly eflags: number;
    readonly selectors?: readonly number[];
    /** Single bytes, by address. */
    readonly memory: readonly (readonly [address: number, value: number])[];
    readonly fpu?: FpuImage;
    /** The exception the instruction raised. In real mode it was delivered, in protected mode reported. */
    readonly vector?: number;
  };
  /** True for a 16-bit CPU: the upper halves of the registers mean nothing. */
  readonly wordRegisters?: boolean;
  /** EFLAGS bits to compare. */
  readonly flagMask: number;
  /** Address of a FLAGS image that an exception pushed (real mode), where undefined flags show up too. */
  readonly pushedFlags?: number;
}
