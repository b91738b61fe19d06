/**
 * Where everything lies in the one `WebAssembly.Memory` of a machine: vCPU contexts, the code cache,
 * shadow tables and guest frames. Generated code and TypeScript share these offsets; nothing else may
 * invent one. All fields are little-endian 32-bit words unless a remark says otherwise.
 */

/** First vCPU context; address 0 is never used, so that 0 can mean "none". */
export const CONTEXT_BASE = 0x1000;
export const CONTEXT_SIZE = 0x1000;
export const MAX_VCPUS = 16;

// --- fields of a context, relative to its base -----------------------------------------------------

/** eax ecx edx ebx esp ebp esi edi */
export const CTX_REGISTERS = 0x00;
/** Always 0: the register slot of an absent base or index. */
export const CTX_ZERO = 0x20;
/** Offset of the next instruction in CS. Exact whenever generated code is not running. */
export const CTX_EIP = 0x24;
/** Arithmetic flags at rest: result (ZF, SF, PF) and auxiliary bits, see isa/eflags.ts. */
export const CTX_FLAG_RESULT = 0x28;
export const CTX_FLAG_AUX = 0x2c;
/** The EFLAGS bits that are not arithmetic (DF IF TF IOPL NT RF VM AC VIF VIP ID), in place. */
export const CTX_FLAG_REST = 0x30;
/** Steps that may still be run, not counting those of the run in progress (record - runStart) / 16. */
export const CTX_BUDGET = 0x34;
/** Address of the shadow table in force. */
export const CTX_SHADOW = 0x38;
/** The one SHADOW_* bit each kind of access needs at the current privilege; 0 for data while alignment is checked. */
export const CTX_READ_MASK = 0x3c;
export const CTX_WRITE_MASK = 0x40;
export const CTX_EXEC_MASK = 0x44;
/** Interned number of the mode the code cache decodes for (see vcpu/mode.ts). */
export const CTX_MODE = 0x48;
/** EIP of the first byte of the page being executed: EIP = page base + the record's page offset. */
export const CTX_PAGE_EIP = 0x4c;
/** First record of the straight run being executed. */
export const CTX_RUN_START = 0x50;
/** Record at which generated code stopped. */
export const CTX_RECORD = 0x54;
/** Why generated code stopped: an EXIT_* code of vcpu/exit.ts. */
export const CTX_EXIT = 0x58;
/** Vector of a fault raised by generated code (#DE, #BR, #UD, #NM, #MF). */
export const CTX_VECTOR = 0x5c;
/** 0, or 1 when an x87 instruction must raise #NM (CR0.EM or CR0.TS). */
export const CTX_FPU_OFF = 0x60;
/**
 * Last EIP that generated code may look up by itself: beyond it lies only the page in which CS ends, whose code
 * tables are its own.
 */
export const CTX_CODE_HIGH = 0x64;

/** 0xFFFFFFFF or 0xFFFF by SS.B. */
export const CTX_STACK_MASK = 0x68;
/** Steps that REP must leave unused, so that the rest of its straight run is covered. */
export const CTX_RESERVE = 0x6c;
/** Address of the code index (one word a host page). */
export const CTX_CODE_INDEX = 0x70;
/** 0, or 1 when WAIT must raise #NM (CR0.MP and CR0.TS). */
export const CTX_WAIT_OFF = 0x74;
/** 0, or 1 with CR0.PE clear: x87 environments have the real-mode format. */
export const CTX_REAL_MODE = 0x78;

/** 1 between two iterations of a repeated string instruction (its first one is done and it goes on), else 0. */
export const CTX_REPEATING = 0x7c;

/** Six segment caches in the order ES CS SS DS FS GS. */
export const CTX_SEGMENTS = 0x80;
export const SEGMENT_STRIDE = 0x20;
export const SEG_SELECTOR = 0x00;
export const SEG_BASE = 0x04;
/** First and last offset that may be read (executed, for CS); empty when low > high. */
export const SEG_READ_LOW = 0x08;
export const SEG_READ_HIGH = 0x0c;
/** First and last offset that may be written; empty when low > high. */
export const SEG_WRITE_LOW = 0x10;
export const SEG_WRITE_HIGH = 0x14;
/** Effective limit in bytes (granularity applied). */
export const SEG_LIMIT = 0x18;
/** Bits 8–23 of the descriptor's second word in place (type, S, DPL, P, AVL, D/B, G); 0 = unusable. */
export const SEG_ACCESS = 0x1c;

/** x87 state: 8 physical registers of 16 bytes (mantissa u64, sign+exponent u16), then the words. */
export const CTX_FPU = 0x180;
export const FPU_REGISTERS = CTX_FPU;
export const FPU_CONTROL = CTX_FPU + 0x80;
/** Status word without TOP. */
export const FPU_STATUS = CTX_FPU + 0x84;
/** TOP, 0–7. */
export const FPU_TOP = CTX_FPU + 0x88;
/** Bit i set: physical register i is empty. */
export const FPU_EMPTY = CTX_FPU + 0x8c;
export const FPU_OPCODE = CTX_FPU + 0x90;
export const FPU_INSTRUCTION_OFFSET = CTX_FPU + 0x94;
export const FPU_INSTRUCTION_SELECTOR = CTX_FPU + 0x98;
export const FPU_DATA_OFFSET = CTX_FPU + 0x9c;
export const FPU_DATA_SELECTOR = CTX_FPU + 0xa0;
// Working storage of the x87 routines within one instruction; not state.
/** Value read from memory, laid out as a register. */
export const FPU_OPERAND = CTX_FPU + 0xb0;
/** Result on its way to a register. */
export const FPU_RESULT = CTX_FPU + 0xc0;
/** Exceptions (IE DE ZE OE UE PE), SF and C1 of the instruction, as in the status word. */
export const FPU_RAISED = CTX_FPU + 0xd0;

/**
 * Bytes of an access that has no single host address (page crossing, MMIO, watched, traced or code
 * pages): the slow path puts them here and `commit` writes them out. 128 bytes.
 */
export const CTX_SCRATCH = 0xf00;
export const SCRATCH_SIZE = 0x80;

/** Every host address below this is a scratch buffer, every one above a guest frame. */
export const SCRATCH_LIMIT = CONTEXT_BASE + MAX_VCPUS * CONTEXT_SIZE;

// --- shadow table entry -----------------------------------------------------------------------------

/**
 * A shadow table is 2^20 words indexed by linear page number. host address = linear + (entry & ~0xFFF).
 * A permission bit is set when that access needs nothing but the translation; 0 = look it up. So an
 * absent entry is 0 and unarmed features cost nothing.
 */
export const SHADOW_READ_SUPERVISOR = 1;
export const SHADOW_WRITE_SUPERVISOR = 2;
export const SHADOW_READ_USER = 4;
export const SHADOW_WRITE_USER = 8;
export const SHADOW_EXEC_SUPERVISOR = 16;
export const SHADOW_EXEC_USER = 32;
export const SHADOW_DELTA_MASK = ~0xfff;
/** Bytes of one shadow table. */
export const SHADOW_TABLE_SIZE = 1 << 22;

// --- regions ----------------------------------------------------------------------------------------

/** Address and byte size of each region of a machine's linear memory. */
export interface MemoryLayout {
  /** One word a host page: address of its first code table, or 0. */
  readonly codeIndex: number;
  /** Decoded records, 16 bytes each. */
  readonly records: number;
  readonly recordsSize: number;
  /** The first FRONT_CODE_TABLES code tables: a header, then a record address for each offset in the page. */
  readonly codeTables: number;
  /** The others, behind everything else. */
  readonly moreCodeTables: number;
  readonly codeTableCount: number;
  /** The first shadow table. */
  readonly shadow: number;
  /** The other shadow tables, one after another. */
  readonly moreShadow: number;
  readonly shadowCount: number;
  /** Guest frames: page i of RAM starts at frames + 4096 * i until copy-on-write moves it. */
  readonly frames: number;
  readonly frameCount: number;
  /** Bytes to begin with; the rest comes when it is first needed (`LinearMemory.ensure`). A multiple of 64 KiB. */
  readonly initial: number;
  /** Bytes in all, a multiple of 64 KiB. */
  readonly total: number;
}

/** Bytes before the 4096 record addresses of a code table. */
export const CODE_TABLE_HEADER = 16;
export const CODE_TABLE_SIZE = CODE_TABLE_HEADER + 4096 * 4;

/** So many code tables are before the frames: what a small guest needs exists from the beginning. */
export const FRONT_CODE_TABLES = 128;

/** Address of a shadow table. */
export function shadowTable(layout: MemoryLayout, index: number): number {
  return index === 0 ? layout.shadow : layout.moreShadow + (index - 1) * SHADOW_TABLE_SIZE;
}

/** Address of a code table. */
export function codeTable(layout: MemoryLayout, index: number): number {
  const { codeTables, moreCodeTables } = layout;
  return index < FRONT_CODE_TABLES
    ? codeTables + index * CODE_TABLE_SIZE
    : moreCodeTables + (index - FRONT_CODE_TABLES) * CODE_TABLE_SIZE;
}

/**
 * A machine begins with less than 32 MiB: once young array buffers hold more, V8 collects garbage at each of the
 * next typed arrays, until they have grown old (ARCHITECTURE.md, decisions).
 */
const INITIAL = 28 << 20;

/** Lays out the memory of a machine with `frameCount` frames of 4 KiB. */
export function layoutFor(frameCount: number, shadowCount = 8): MemoryLayout {
  const pageUp = (value: number) => Math.ceil(value / 4096) * 4096;
  const wasmPageUp = (value: number) => Math.ceil(value / 65536) * 65536;
  const codeIndex = 0x20000;
  const recordsSize = 16 << 20;
  const codeTableCount = 1024;
  const fixed =
    recordsSize + codeTableCount * CODE_TABLE_SIZE + shadowCount * SHADOW_TABLE_SIZE + frameCount * 4096 + (1 << 20);
  const records = pageUp(codeIndex + (fixed / 4096) * 4 + 4096);
  const codeTables = records + recordsSize;
  const shadow = pageUp(codeTables + FRONT_CODE_TABLES * CODE_TABLE_SIZE);
  const frames = shadow + SHADOW_TABLE_SIZE;
  const moreShadow = frames + frameCount * 4096;
  const moreCodeTables = moreShadow + (shadowCount - 1) * SHADOW_TABLE_SIZE;
  const total = wasmPageUp(moreCodeTables + (codeTableCount - FRONT_CODE_TABLES) * CODE_TABLE_SIZE);
  return {
    codeIndex,
    records,
    recordsSize,
    codeTables,
    moreCodeTables,
    codeTableCount,
    shadow,
    moreShadow,
    shadowCount,
    frames,
    frameCount,
    initial: Math.min(total, INITIAL),
    total,
  };
}
