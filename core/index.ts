/** The public face of the core: the only module that `server`, `extension` and other users import. */

export type { DeviceState, StateValue } from './bus/device.ts';
export { type Child, childCount, childrenOf } from './debug/children.ts';
export {
  type Descriptor,
  decodeDescriptor,
  decodeGate,
  descriptorText,
} from './debug/descriptors.ts';
export {
  type DisassembledInstruction,
  disassemble,
  MAX_INSTRUCTIONS,
} from './debug/disassembler.ts';
export type { FrameRow } from './debug/dwarf/frame-rules.ts';
export type { FrameView } from './debug/dwarf/frame-view.ts';
export { type FunctionRange, FunctionTable } from './debug/dwarf/function-table.ts';
export type { LineLocation, LineTable } from './debug/dwarf/line-table.ts';
export { encloses, type FunctionScope } from './debug/dwarf/scopes.ts';
export { type SplitContents, type SplitFile, splitKey } from './debug/dwarf/split.ts';
export type { Variables } from './debug/dwarf/variables.ts';
export {
  type EvaluateContext,
  evaluate,
  evaluateTree,
  type Place,
  type SymbolMeaning,
  storageReader,
  UnavailableError,
  type Value,
} from './debug/evaluate.ts';
export { converted } from './debug/evaluate-arithmetic.ts';
export { type Expression, ExpressionError, namesIn, parseExpression } from './debug/expression.ts';
export { compileExpression } from './debug/expression-bytecode.ts';
export { isOwnType, isSigned, sizeOf, typeName } from './debug/expression-types.ts';
export { floatBytes } from './debug/float.ts';
export { type FormatContext, formatObject, formatValue } from './debug/format-value.ts';
export { symbolMismatch } from './debug/image-match.ts';
export { MachineTarget, type MachineTargetOptions } from './debug/machine-target.ts';
export {
  entryText,
  type PagePath,
  pagePath,
  pagePathResult,
  pagePathText,
  word,
} from './debug/page-path.ts';
export { Program } from './debug/program.ts';
export { FrameScope, type ScopeVariable } from './debug/program-scope.ts';
export {
  CORE_REGISTER_COUNT,
  DEBUG_REGISTERS,
  type DebugRegister,
  debugRegister,
  GDB_EBP,
  GDB_EIP,
  GDB_ESP,
} from './debug/register-table.ts';
export { FLAG_BITS, registerNames, registerValue, registerWrite } from './debug/register-values.ts';
export { linearStack, shownPc, shownRegister, showsLinear } from './debug/register-view.ts';
export { StorageError } from './debug/storage.ts';
export type { SymbolMatch, SymbolTable } from './debug/symbols.ts';
export * from './debug/target.ts';
export { isScalar, plain, type Type } from './debug/types.ts';
export { type Frame, unwind } from './debug/unwind.ts';
export { type DataObject, loadObject } from './debug/value.ts';
export { keyCodes, keyNames, textCodes } from './devices/ps2-scan-codes.ts';
export { type ElfFile, isElf, parseElf } from './image/elf.ts';
export { loadImage } from './image/load-image.ts';
export { EXCEPTION_NAMES, type FaultRecord } from './isa/exceptions.ts';
export { GENERAL_NAMES, SEGMENT_NAMES } from './isa/registers.ts';
export {
  type BootImage,
  DEFAULT_CONFIG,
  type DiskConfig,
  type DriveName,
  type MachineConfig,
} from './machine/config.ts';
export type { AccessHit, Agent, MachineEvent, OutputChannel, RunOptions } from './machine/events.ts';
export type { Input, InputLog, InputRecord } from './machine/input-log.ts';
export { Machine } from './machine/machine.ts';
export type { ModeChange } from './machine/mode-points.ts';
export { Replay } from './machine/replay.ts';
export type { ScreenCells } from './machine/screen-cells.ts';
export type { MachineState } from './machine/snapshot.ts';
export type { InputResult } from './machine/write-register.ts';
export { assert, unreachable } from './util/assert.ts';
export { notSupportedYet, UserError } from './util/errors.ts';
export { bytesToHex, hex, hex0x, hexByte, hexToBytes } from './util/hex.ts';
export type { StatisticsRow } from './vmm/statistics.ts';
