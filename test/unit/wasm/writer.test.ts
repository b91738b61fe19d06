/** The WebAssembly writer: its bytes are judged by the engine that has to run them. */
import { describe, expect, it } from 'vitest';
import { ByteBuffer } from '../../../core/wasm/byte-buffer.ts';
import { Code } from '../../../core/wasm/code.ts';
import { ModuleWriter } from '../../../core/wasm/module.ts';
import * as w from '../../../core/wasm/opcodes.ts';

/** Value of a signed LEB128 encoding, read the long way. */
function decodeSigned(bytes: Uint8Array): bigint {
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
  }
  return BigInt.asIntN(Number(shift), value);
}

function written(write: (out: ByteBuffer) => void): Uint8Array {
  const out = new ByteBuffer();
  write(out);
  return out.take();
}

/** A module of one exported function `f` made by `emit`; its bytes must be valid. */
function instance(
  parameters: w.ValueType[],
  results: w.ValueType[],
  emit: (c: Code) => void,
): (...values: number[]) => number {
  const module = new ModuleWriter();
  module.importMemory('env', 'memory');
  const f = module.declare(module.type(parameters, results));
  const c = new Code(parameters.length);
  emit(c);
  module.define(f, c);
  module.exportFunction('f', f);
  const bytes = module.finish() as BufferSource;
  expect(WebAssembly.validate(bytes)).toBe(true);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports.f as never;
}

describe('LEB128', () => {
  const edges = [0, 1, 63, 64, 127, 128, 8191, 8192, 2 ** 20, 2 ** 27 - 1, 2 ** 31 - 1];
  const signed = [...edges, ...edges.map((value) => -value), -(2 ** 31)];

  it('writes unsigned numbers in as few bytes as hold them', () => {
    for (const value of [...edges, 2 ** 31, 2 ** 32 - 1]) {
      const bytes = written((out) => out.u32(value));
      expect(bytes.reduce((sum, byte, i) => sum + (byte & 0x7f) * 128 ** i, 0)).toBe(value);
      expect(bytes.length).toBe(Math.max(1, Math.ceil(Math.log2(value + 1) / 7)));
      expect([...bytes].map((byte) => byte >> 7)).toEqual([...bytes].map((_, i) => (i < bytes.length - 1 ? 1 : 0)));
    }
  });

  it('keeps the sign of 32- and 64-bit numbers', () => {
    for (const value of signed) {
      expect(decodeSigned(written((out) => out.s32(value)))).toBe(BigInt(value));
      expect(decodeSigned(written((out) => out.s64(BigInt(value))))).toBe(BigInt(value));
    }
    for (const value of [2n ** 63n - 1n, -(2n ** 63n), 2n ** 32n, -(2n ** 32n) - 1n])
      expect(decodeSigned(written((out) => out.s64(value)))).toBe(value);
  });

  it('grows without losing what was written', () => {
    const bytes = written((out) => {
      for (let i = 0; i < 1000; i++) out.byte(i & 0xff);
      out.raw(new Uint8Array(5000).fill(7));
    });
    expect(bytes.length).toBe(6000);
    expect([bytes[255], bytes[999], bytes[1000], bytes[5999]]).toEqual([255, 999 & 0xff, 7, 7]);
  });
});

describe('functions', () => {
  it('name branch targets by label at any depth', () => {
    // Sum of 1..n, leaving an outer block from inside two others.
    const sum = instance([w.I32], [w.I32], (c) => {
      const total = c.local(w.I32);
      const done = c.block();
      const again = c.loop();
      c.block();
      c.get(0);
      c.op(w.I32_EQZ);
      c.brIf(done);
      c.get(total);
      c.get(0);
      c.op(w.I32_ADD);
      c.set(total);
      c.get(0);
      c.i32(-1);
      c.op(w.I32_ADD);
      c.set(0);
      c.br(again);
      c.end();
      c.end();
      c.end();
      c.get(total);
    });
    expect([sum(0), sum(10), sum(1000)]).toEqual([0, 55, 500500]);
  });

  it('choose by table, with a default', () => {
    const choose = instance([w.I32], [w.I32], (c) => {
      const other = c.block();
      const second = c.block();
      const first = c.block();
      c.get(0);
      c.brTable([first, second], other);
      c.end();
      c.i32(100);
      c.return();
      c.end();
      c.i32(200);
      c.return();
      c.end();
      c.i32(-1);
    });
    expect([choose(0), choose(1), choose(2), choose(-1)]).toEqual([100, 200, -1, -1]);
  });

  it('take if and else with a result, and memory at an offset', () => {
    const f = instance([w.I32], [w.I32], (c) => {
      c.i32(16);
      c.get(0);
      c.if(w.I32);
      c.i32(-5);
      c.else();
      c.i32(70000);
      c.end();
      c.memory(w.I32_STORE, 1000);
      c.i32(0);
      c.memory(w.I32_LOAD, 1016);
    });
    expect([f(1), f(0)]).toEqual([-5, 70000]);
  });

  it('give temporaries back by type', () => {
    const c = new Code(2);
    const first = c.temporary(w.I32);
    const wide = c.temporary(w.I64);
    c.releaseTemporaries();
    expect([c.temporary(w.I64), c.temporary(w.I32)]).toEqual([wide, first]);
    expect(c.temporary(w.I32)).toBe(4);
  });

  it('are refused when a block is left open or ended twice', () => {
    const open = new Code(0);
    open.block();
    expect(() => open.finish()).toThrow();
    expect(() => new Code(0).end()).toThrow();
  });
});

describe('modules', () => {
  it('import, declare before they define, and call through the table', () => {
    const module = new ModuleWriter();
    const type = module.type([w.I32], [w.I32]);
    expect(module.type([w.I32], [w.I32])).toBe(type);
    module.importMemory('env', 'memory');
    const twice = module.importFunction('env', 'twice', type);
    const [caller, plus] = [module.declare(type), module.declare(type)];
    const body = (emit: (c: Code) => void) => {
      const c = new Code(1);
      c.get(0);
      emit(c);
      return c;
    };
    module.define(
      caller,
      body((c) => {
        c.call(twice);
        c.i32(0);
        c.callIndirect(type);
      }),
    );
    module.define(
      plus,
      body((c) => {
        c.i32(1);
        c.op(w.I32_ADD);
      }),
    );
    module.exportFunction('caller', caller);
    module.exportTable('table', 4, [plus]);
    const bytes = module.finish() as BufferSource;
    expect(WebAssembly.validate(bytes)).toBe(true);
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env: { memory, twice: (value: number) => value * 2 },
    });
    expect((exports.caller as (value: number) => number)(20)).toBe(41);
    expect((exports.table as WebAssembly.Table).length).toBe(4);
  });

  it('refuse a function that was never defined', () => {
    const module = new ModuleWriter();
    module.declare(module.type([], []));
    expect(() => module.finish()).toThrow();
  });
});
