/** A WebAssembly module: types, imports, functions, one table, exports, custom sections. Knows no x86. */
import { assert } from '../util/assert.ts';
import { ByteBuffer } from './byte-buffer.ts';
import type { Code } from './code.ts';
import type { ValueType } from './opcodes.ts';

const FUNCREF = 0x70;

export class ModuleWriter {
  private readonly types: { key: string; bytes: Uint8Array }[] = [];
  private readonly imports = new ByteBuffer();
  private importCount = 0;
  private importedFunctions = 0;
  private readonly functions: { type: number; code: Code | undefined }[] = [];
  private readonly exports = new ByteBuffer();
  private exportCount = 0;
  private tableSize = 0;
  private elements: readonly number[] = [];
  private elementsAt = 0;
  private readonly custom: { name: string; bytes: Uint8Array }[] = [];

  type(parameters: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${parameters.join()}:${results.join()}`;
    const found = this.types.findIndex((type) => type.key === key);
    if (found >= 0) return found;
    const bytes = new ByteBuffer();
    bytes.byte(0x60);
    bytes.u32(parameters.length);
    for (const type of parameters) bytes.byte(type);
    bytes.u32(results.length);
    for (const type of results) bytes.byte(type);
    this.types.push({ key, bytes: bytes.take() });
    return this.types.length - 1;
  }

  private importEntry(module: string, name: string, kind: number): void {
    this.imports.name(module);
    this.imports.name(name);
    this.imports.byte(kind);
    this.importCount++;
  }

  importMemory(module: string, name: string): void {
    this.importEntry(module, name, 2);
    this.imports.byte(1);
    this.imports.u32(1);
    this.imports.u32(65536);
  }

  /** Imports table 0 and fills it with `elements` from slot `at`. */
  importTable(module: string, name: string, at: number, elements: readonly number[]): void {
    this.importEntry(module, name, 1);
    this.imports.byte(FUNCREF);
    this.imports.byte(0);
    this.imports.u32(at + elements.length);
    this.elements = elements;
    this.elementsAt = at;
  }

  /** A section that engines pass over; `WebAssembly.Module.customSections` finds it. */
  customSection(name: string, bytes: Uint8Array): void {
    this.custom.push({ name, bytes });
  }

  /** Imports come before every defined function. Answers the function index. */
  importFunction(module: string, name: string, type: number): number {
    this.importEntry(module, name, 0);
    this.imports.u32(type);
    return this.importedFunctions++;
  }

  /** Reserves a function index; the body may follow later. */
  declare(type: number): number {
    this.functions.push({ type, code: undefined });
    return this.importedFunctions + this.functions.length - 1;
  }

  define(index: number, code: Code): void {
    this.functions[index - this.importedFunctions].code = code;
  }

  exportFunction(name: string, index: number): void {
    this.exports.name(name);
    this.exports.byte(0);
    this.exports.u32(index);
    this.exportCount++;
  }

  /** Defines and exports table 0 with `elements` from slot 0 and room up to `size` slots. */
  exportTable(name: string, size: number, elements: readonly number[]): void {
    this.tableSize = size;
    this.elements = elements;
    this.exports.name(name);
    this.exports.byte(1);
    this.exports.u32(0);
    this.exportCount++;
  }

  finish(): Uint8Array {
    const out = new ByteBuffer();
    out.raw(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
    const section = (id: number, fill: (bytes: ByteBuffer) => void) => {
      const bytes = new ByteBuffer();
      fill(bytes);
      out.byte(id);
      out.u32(bytes.length);
      out.raw(bytes.take());
    };
    section(1, (bytes) => {
      bytes.u32(this.types.length);
      for (const type of this.types) bytes.raw(type.bytes);
    });
    section(2, (bytes) => {
      bytes.u32(this.importCount);
      bytes.raw(this.imports.take());
    });
    section(3, (bytes) => {
      bytes.u32(this.functions.length);
      for (const { type } of this.functions) bytes.u32(type);
    });
    if (this.tableSize > 0) {
      section(4, (bytes) => {
        bytes.u32(1);
        bytes.byte(FUNCREF);
        bytes.byte(0);
        bytes.u32(this.tableSize);
      });
    }
    section(7, (bytes) => {
      bytes.u32(this.exportCount);
      bytes.raw(this.exports.take());
    });
    if (this.elements.length > 0) {
      section(9, (bytes) => {
        bytes.u32(1);
        bytes.byte(0);
        bytes.byte(0x41);
        bytes.s32(this.elementsAt);
        bytes.byte(0x0b);
        bytes.u32(this.elements.length);
        for (const index of this.elements) bytes.u32(index);
      });
    }
    section(10, (bytes) => {
      bytes.u32(this.functions.length);
      for (const { code } of this.functions) {
        assert(code !== undefined, 'function declared but not defined');
        bytes.raw(code.finish());
      }
    });
    for (const { name, bytes: content } of this.custom) {
      section(0, (bytes) => {
        bytes.name(name);
        bytes.raw(content);
      });
    }
    return out.take();
  }
}
