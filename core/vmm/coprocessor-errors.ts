/**
 * x87 errors with CR0.NE clear (SDM vol. 1, 8.7.2): a waiting instruction that finds one stops the processor until
 * an interrupt comes, by the board's doing request 13, unless IGNNE# has it execute in spite of the error.
 */
import type { CoprocessorErrors } from '../bus/device.ts';
import { FPU_CONTROL, FPU_STATUS } from '../memory/layout.ts';
import type { Context } from '../vcpu/context.ts';
import { CR0_NE, SHADOW_NONE, type VirtualCpu } from './virtual-cpu.ts';

const EXCEPTIONS = 0x3f;
/** Exception summary and B, which is the same. */
const SUMMARY = 0x8080;

/** A board without the wires. */
export const NO_COPROCESSOR: CoprocessorErrors = { ignored: false, report() {}, gone() {} };

export class X87Errors {
  /** The instruction at EIP is to execute in spite of the error that it found: run it between `hide` and `show`. */
  overlooked = false;
  readonly #context: Context;
  readonly #cpu: VirtualCpu;
  readonly #board: CoprocessorErrors;

  constructor(context: Context, cpu: VirtualCpu, board: CoprocessorErrors) {
    this.#context = context;
    this.#cpu = cpu;
    this.#board = board;
  }

  /** FERR#: an unmasked exception waits, and is not for #MF. */
  get pending(): boolean {
    return (this.#cpu.cr0 & CR0_NE) === 0 && (this.#context.word(FPU_STATUS) & SUMMARY) !== 0;
  }

  /** IGNNE#. Steps have to be run one by one then, with `stepped` after each: it ends with the error. */
  get ignored(): boolean {
    return this.#board.ignored;
  }

  stepped(): void {
    if (this.#board.ignored && !this.pending) this.#board.gone();
  }

  /** The instruction at EIP found the error: it executes nevertheless, or waits at its start as HLT does at its end. */
  found(): void {
    this.overlooked = this.#board.ignored;
    if (this.overlooked) return;
    this.#board.report();
    this.#cpu.halted = true;
    this.#cpu.interruptShadow = SHADOW_NONE;
  }

  /** Before a run of one step: the instruction is not to see the error. */
  hide(): void {
    const context = this.#context;
    context.setWord(FPU_STATUS, context.word(FPU_STATUS) & ~SUMMARY);
  }

  /** After it. @param again the instruction has not executed yet */
  show(again: boolean): void {
    const context = this.#context;
    const status = context.word(FPU_STATUS);
    const unmasked = status & ~context.word(FPU_CONTROL) & EXCEPTIONS;
    context.setWord(FPU_STATUS, unmasked === 0 ? status & ~SUMMARY : status | SUMMARY);
    this.overlooked = again;
  }
}
